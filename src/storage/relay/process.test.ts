import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { describeStorage } from '../contract/all.ts'
import { claimOf, concurrency, START_MS } from '../contract/claims.ts'
import { COLLECTIONS } from '../contract/things.ts'
import { createMemoryCounters } from '../counting/in-process.ts'
import { createMemoryBus } from '../memory/bus.ts'
import { createMemoryLog } from '../memory/log.ts'
import { createMemoryRecords } from '../memory/records.ts'
import type { RelayClient } from './client.ts'
import { createRelayClient } from './client.ts'
import type { Link } from './link.ts'
import { createRelayServer } from './server.ts'

/** What the owner fixture sends: a message for one worker of one test's storage. */
interface Envelope {
  readonly session: number
  readonly worker: number
  readonly message: unknown
}

const listeners = new Map<string, (message: unknown) => void>()
const owner = Bun.spawn({
  cmd: [process.execPath, join(import.meta.dir, 'owner.fixture.ts')],
  ipc: ({ session, worker, message }: Envelope) => listeners.get(`${session}/${worker}`)?.(message),
})
afterAll(async () => {
  owner.kill()
  await owner.exited
})

let sessions = 0

describeStorage('relay to a real process', async (clock, options) => {
  const session = ++sessions
  const worker = (number: number): RelayClient => {
    const link: Link = {
      send: (message) => {
        owner.send({ session, worker: number, nowMs: clock.nowMs(), options, message })
      },
      onMessage: (listener) => listeners.set(`${session}/${number}`, listener),
      onClose: () => {},
    }
    return createRelayClient({ link, clock: systemClock, timeoutMs: 20_000 })
  }
  const [here, there] = [worker(1), worker(2)]
  await Promise.all([here.log.segments(), there.log.segments()])
  return {
    here,
    there,
    end: async () => {
      listeners.delete(`${session}/1`)
      listeners.delete(`${session}/2`)
    },
  }
})

describe('a worker process', () => {
  test('killed with -9 gives back what it had in flight', async () => {
    const counters = createMemoryCounters()
    const server = createRelayServer({
      records: createMemoryRecords({ collections: COLLECTIONS, clock: systemClock }),
      counters,
      log: createMemoryLog(),
      bus: createMemoryBus(),
      collections: COLLECTIONS,
    })
    const claim = claimOf(concurrency(5))
    let deliver: (message: unknown) => void = () => {}
    const { promise: holds, resolve } = Promise.withResolvers<void>()
    let close: () => void = () => {}
    const child = Bun.spawn({
      cmd: [process.execPath, join(import.meta.dir, 'worker.fixture.ts')],
      ipc: (message: unknown) => {
        if (message === 'holding') resolve()
        else deliver(message)
      },
    })
    server.connect({
      send: (message) => {
        child.send(message)
      },
      onMessage: (listener) => {
        deliver = listener
      },
      onClose: (listener) => {
        close = listener
      },
    })
    await holds
    expect(counters.peek(claim, START_MS).remaining).toBe(2)
    child.kill('SIGKILL')
    await child.exited
    close()
    expect(counters.peek(claim, START_MS).remaining).toBe(5)
  })
})
