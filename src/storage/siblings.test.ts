import { describe, expect, test } from 'bun:test'
import { systemClock } from '../core/clock.ts'
import { createLinkPair } from './contract/link-pair.ts'
import { COLLECTIONS } from './contract/things.ts'
import { createMemoryCounters } from './counting/in-process.ts'
import { createMemoryBus } from './memory/bus.ts'
import { createMemoryLog } from './memory/log.ts'
import { createMemoryRecords } from './memory/records.ts'
import { createRelayClient } from './relay/client.ts'
import { createRelayServer } from './relay/server.ts'
import type { SiblingHub } from './siblings.ts'
import { createSiblingHub, joinSiblings } from './siblings.ts'

/** Word among the processes of one gate, and that it was acted on. */

const BOUND_MS = 30

/** A worker over a link, and what kills it. */
function createWorkers(siblings: SiblingHub) {
  const server = createRelayServer({
    records: createMemoryRecords({ collections: COLLECTIONS, clock: systemClock }),
    counters: createMemoryCounters(),
    log: createMemoryLog(),
    bus: createMemoryBus(),
    siblings,
    collections: COLLECTIONS,
  })
  return (name: string) => {
    const { worker, owner, cut } = createLinkPair()
    server.connect(owner, name)
    const client = createRelayClient({ link: worker, clock: systemClock, timeoutMs: 5000 })
    return { ...client.siblings, cut }
  }
}

/** What `listen` has said has come by then: calls of a link arrive in order. */
const arrived = async (
  ...workers: { tell(payload: string): Promise<boolean> }[]
): Promise<void> => {
  for (const worker of workers) await worker.tell('hello')
}

describe('siblings', () => {
  test('who tells something knows that all others have acted on it, the primary too', async () => {
    const hub = createSiblingHub({ boundMs: 5000 })
    const connect = createWorkers(hub)
    const primary = joinSiblings(hub, 'primary')
    const [one, two] = [connect('one'), connect('two')]
    const acted: string[] = []
    const held = Promise.withResolvers<void>()
    primary.listen((payload) => void acted.push(`primary ${payload}`))
    one.listen((payload) => void acted.push(`one ${payload}`))
    await arrived(one)
    two.listen(async (payload) => {
      if (payload === 'held') await held.promise
      acted.push(`two ${payload}`)
    })
    await arrived(two)
    acted.length = 0
    expect(await one.tell('a')).toBe(true)
    expect(acted).toEqual(['primary a', 'two a'])
    acted.length = 0
    expect(await primary.tell('b')).toBe(true)
    expect(acted).toEqual(['one b', 'two b'])
    const telling = one.tell('held')
    const first = await Promise.race([telling, arrived(primary).then(() => 'still held')])
    expect(first).toBe('still held')
    held.resolve()
    expect(await telling).toBe(true)
  })

  test('one that hangs is waited for once, and again when it has caught up', async () => {
    const late: string[] = []
    const hub = createSiblingHub({ boundMs: BOUND_MS, onLate: (name) => late.push(name) })
    const connect = createWorkers(hub)
    const [one, two] = [connect('one'), connect('two')]
    let held = Promise.withResolvers<void>()
    held.resolve()
    two.listen(async () => held.promise)
    await arrived(two)
    expect(await one.tell('a')).toBe(true)
    held = Promise.withResolvers()
    const startedMs = performance.now()
    expect(await one.tell('b')).toBe(false)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(BOUND_MS - 1)
    // Ten more take less than one bound together: nobody waits for it now.
    const againMs = performance.now()
    for (let at = 0; at < 10; at += 1) expect(await one.tell('c')).toBe(false)
    expect(performance.now() - againMs).toBeLessThan(10 * BOUND_MS)
    expect(late).toEqual(['two'])
    held.resolve()
    await arrived(two)
    expect(await one.tell('d')).toBe(true)
  })

  test('nobody waits for one that does not listen, is gone, or goes meanwhile; one that fails has not acted', async () => {
    const hub = createSiblingHub({ boundMs: 5000 })
    const connect = createWorkers(hub)
    const [one, deaf, dies, fails] = ['one', 'deaf', 'dies', 'fails'].map(connect)
    expect(await one?.tell('a')).toBe(true)
    for (let at = 0; at < 2000; at += 1) await one?.tell('unheard')
    deaf?.listen(() => undefined)
    await arrived(deaf!)
    expect(await one?.tell('b')).toBe(true)
    const told = Promise.withResolvers<void>()
    dies?.listen(async () => {
      told.resolve()
      return new Promise(() => undefined)
    })
    await arrived(dies!)
    const telling = one?.tell('c')
    await told.promise
    dies?.cut()
    expect(await telling).toBe(true)
    expect(await one?.tell('d')).toBe(true)
    const failing = joinSiblings(hub, 'failing')
    failing.listen(() => Promise.reject(new Error('no')))
    expect(await fails?.tell('e')).toBe(false)
  })
})
