import { describe, expect, test } from 'bun:test'
import { createManualClock, systemClock } from '../../core/clock.ts'
import type { BusEvent } from '../bus.ts'
import { describeStorage } from '../contract/all.ts'
import { listen } from '../contract/bus.ts'
import { bucket, calendar, claimOf, concurrency, START_MS } from '../contract/claims.ts'
import { createLinkPair } from '../contract/link-pair.ts'
import { frames, LOG_START } from '../contract/log.ts'
import { COLLECTIONS, SETTINGS, THINGS, thingOf } from '../contract/things.ts'
import { thrownBy } from '../contract/thrown-by.ts'
import { createDurableCounters } from '../counting/durable.ts'
import { COUNTER_ROWS } from '../counting/counter-rows.ts'
import { createMemoryCounters } from '../counting/in-process.ts'
import { createMemoryBus } from '../memory/bus.ts'
import { createMemoryLog } from '../memory/log.ts'
import { createMemoryRecords } from '../memory/records.ts'
import type { RelayClient } from './client.ts'
import { createRelayClient } from './client.ts'
import type { Link } from './link.ts'
import type { RelayedStorage } from './operations.ts'
import { createRelayServer } from './server.ts'

const TIMEOUT_MS = 5000

function storageInMemory(changes: Partial<RelayedStorage> = {}): RelayedStorage {
  return {
    records: createMemoryRecords({ collections: COLLECTIONS, clock: systemClock }),
    counters: createMemoryCounters(),
    log: createMemoryLog(),
    bus: createMemoryBus(),
    collections: COLLECTIONS,
    ...changes,
  }
}

/** A worker of a storage, and what kills it. */
function connect(storage: RelayedStorage): RelayClient & { cut: () => void } {
  const { worker, owner, cut } = createLinkPair()
  createRelayServer(storage).connect(owner)
  return { ...createRelayClient({ link: worker, clock: systemClock, timeoutMs: TIMEOUT_MS }), cut }
}

describeStorage('relay in one process', async (clock, options) => {
  const storage = storageInMemory({
    records: createMemoryRecords({ collections: COLLECTIONS, clock }),
    log: createMemoryLog(options),
  })
  const here = connect(storage)
  const there = connect(storage)
  return {
    here,
    there,
    end: async () => {
      here.cut()
      there.cut()
    },
  }
})

describe('workers over relays', () => {
  test('share limits exactly: 500 by each of two against 100 a minute and 80 a day admit 80', async () => {
    const records = createMemoryRecords({ collections: [COUNTER_ROWS], clock: systemClock })
    const storage = storageInMemory({ counters: createDurableCounters({ records }) })
    const workers = [connect(storage), connect(storage)]
    const claims = [
      claimOf(bucket(100), { name: 'rate' }),
      claimOf(calendar(80), { name: 'quota' }),
    ]
    const takes = Array.from({ length: 1000 }, async (_, at) =>
      workers[at % 2]!.counters.take(claims, START_MS),
    )
    const outcomes = await Promise.all(takes)
    expect(outcomes.filter((outcome) => outcome.granted).length).toBe(80)
    const rate = await storage.counters.peek(claims[0]!, START_MS)
    expect(rate.remaining).toBe(20)
  })

  test('that die give back what they had in flight, and only that', async () => {
    const storage = storageInMemory()
    const dying = connect(storage)
    const living = connect(storage)
    const claim = claimOf(concurrency(10), { cost: 2 })
    for (const worker of [dying, dying, living]) await worker.counters.take([claim], START_MS)
    dying.counters.release([claim])
    expect((await dying.counters.peek(claim, START_MS)).remaining).toBe(6)
    dying.cut()
    expect((await living.counters.peek(claim, START_MS)).remaining).toBe(8)
  })

  test('cannot give back what another holds', async () => {
    const storage = storageInMemory()
    const holder = connect(storage)
    const other = connect(storage)
    const claim = claimOf(concurrency(5))
    await holder.counters.take([claim], START_MS)
    other.counters.release([claim])
    expect((await other.counters.peek(claim, START_MS)).remaining).toBe(4)
  })

  test('keep JSON that looks like the wire’s own bytes as it is', async () => {
    const { records } = connect(storageInMemory())
    const body = { bytes: 'AAAA', json: { json: null } }
    await records.commit([{ op: 'insert', collection: 'things', row: thingOf('a', { body }) }])
    expect(await records.tenant('one', THINGS).get('a')).toMatchObject({ body })
  })

  test('are told the error of the storage by name', async () => {
    const { records } = connect(storageInMemory())
    const error = await thrownBy(async () =>
      records.global({ ...SETTINGS, name: 'nothing' }).get('a'),
    )
    expect(error.name).toBe('RangeError')
    expect(error.message).toContain('no collection nothing')
  })

  test('read a log of many pages', async () => {
    const { log } = connect(storageInMemory({ log: createMemoryLog({ segmentBytesMax: 40_000 }) }))
    const texts = Array.from({ length: 3000 }, (_, at) => `${at} ${'\u00fc'.repeat(20)}`)
    await log.append(frames(...texts.slice(0, 2000)), { sync: false })
    await log.append(frames(...texts.slice(2000)), { sync: true })
    const read: string[] = []
    for await (const { frame } of log.read(LOG_START)) read.push(Buffer.from(frame).toString())
    expect(read).toEqual(texts)
  })
})

describe('a lost link', () => {
  test('rejects what waits and what comes, and tells the bus of the gap', async () => {
    const worker = connect(storageInMemory())
    const gap = listen(worker.bus, 1)
    const waiting = [
      worker.counters.take([claimOf(bucket(1))], START_MS),
      worker.records.commit([]),
      worker.log.append(frames('a'), { sync: true }),
    ]
    worker.cut()
    for (const call of waiting) {
      expect((await thrownBy(async () => call)).name).toBe('RelayError')
    }
    expect(await gap).toEqual([{ kind: 'gap' }])
    const later = await thrownBy(async () => worker.records.commit([]))
    expect(later.message).toContain('lost')
    worker.counters.release([claimOf(concurrency(1))])
  })

  test('is noticed when sending fails', async () => {
    const link: Link = {
      send: () => {
        throw new Error('gone')
      },
      onMessage: () => {},
      onClose: () => {},
    }
    const { log } = createRelayClient({ link, clock: systemClock, timeoutMs: TIMEOUT_MS })
    expect((await thrownBy(async () => log.segments())).message).toContain('lost')
  })
})

describe('a storage process that does not answer', () => {
  const silent = (): Link & { sent: unknown[]; deliver: (message: unknown) => void } => {
    let deliver: (message: unknown) => void = () => {}
    const sent: unknown[] = []
    return {
      sent,
      deliver: (message) => deliver(message),
      send: (message) => sent.push(message),
      onMessage: (listener) => {
        deliver = listener
      },
      onClose: () => {},
    }
  }

  test('leaves no caller waiting', async () => {
    const client = createRelayClient({ link: silent(), clock: systemClock, timeoutMs: 20 })
    const errors = await Promise.all([
      thrownBy(async () => client.log.segments()),
      thrownBy(async () => client.counters.peek(claimOf(bucket(1)), START_MS)),
    ])
    for (const error of errors) expect(error.message).toContain('within 20 ms')
  })

  test('cannot pile up calls without bound', async () => {
    const options = { link: silent(), clock: systemClock, timeoutMs: 20, pendingMax: 2 }
    const { log } = createRelayClient(options)
    const waiting = [log.segments(), log.segments()].map(async (call) => thrownBy(async () => call))
    expect((await thrownBy(async () => log.segments())).message).toContain('too many')
    await Promise.all(waiting)
  })

  test('and grants too late gets back what nobody waits for', async () => {
    const link = silent()
    const { counters } = createRelayClient({ link, clock: systemClock, timeoutMs: 20 })
    const claim = claimOf(concurrency(1))
    await thrownBy(async () => counters.take([claim], START_MS))
    link.deliver([[1, true, [true, []]]])
    await new Promise((resolve) => setImmediate(resolve))
    expect(link.sent.at(-1)).toEqual({ calls: [[0, 'release', [claim]]] })
  })
})

describe('a worker that stood still', () => {
  test('tells so before anything is decided, whatever it looks at first when it wakes', async () => {
    const clock = createManualClock()
    const link = { send: () => {}, onMessage: () => {}, onClose: () => {} }
    const { bus } = createRelayClient({ link, clock, timeoutMs: 20 })
    const heard: BusEvent[] = []
    bus.subscribe((event) => heard.push(event))
    clock.advance(400)
    expect([bus.hearsAll?.(), heard]).toEqual([true, []])
    clock.advance(600)
    expect([bus.hearsAll?.(), heard]).toEqual([false, [{ kind: 'gap', isSilence: true }]])
    expect([bus.hearsAll?.(), heard.length]).toEqual([true, 1])
    clock.setWall(clock.nowMs() + 60_000)
    expect([bus.hearsAll?.(), heard.length]).toEqual([false, 2])
    await bus.close()
  })
})
