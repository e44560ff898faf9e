import { describe, expect, test } from 'bun:test'
import { systemRandom } from '../../core/random.ts'
import type { RedisStream, StreamListener, StreamSnapshot } from '../../storage/index.ts'
import type { Invalidation, InvalidationSink } from '../contract.ts'
import { createInvalidationBus } from './invalidation-bus.ts'

/** A stream that a test controls; the tests of the level and of storage use real ones. */
function setUp() {
  let listener: StreamListener | undefined
  let isLive = false
  const posted: string[] = []
  const arrivals: ((position: { era: string; sequence: number }) => void)[] = []
  const stream: RedisStream = {
    self: 'self',
    post(_, payload) {
      posted.push(payload)
      const { promise, resolve } = Promise.withResolvers<{ era: string; sequence: number }>()
      arrivals.push(resolve)
      return { accepted: promise, inTime: promise }
    },
    subscribe(own) {
      listener = own
      return () => undefined
    },
    position: () => undefined,
    isLive: () => isLive,
    checkLive: () => isLive,
    stats: () => ({ published: 0, heard: 0, gaps: 0, silences: 0, waiting: 0, isLive }),
    close: async () => undefined,
  }
  const bus = createInvalidationBus(stream, systemRandom)
  const told: string[] = []
  const sink: InvalidationSink = {
    apply: ({ kind, name, sequence }: Invalidation) => told.push(`${kind}:${name}@${sequence}`),
    distrust: () => told.push('distrust'),
    trust: () => told.push('trust'),
  }
  const entry = (sequence: number, name: string, sender = 'other') => ({
    position: { era: 'era', sequence },
    sender,
    topic: 'cache',
    payload: `tag:${name}`,
  })
  const snapshot = (from: number, to: number): StreamSnapshot => ({
    position: { era: 'era', sequence: to },
    entries: Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, `t${from + at}`)),
  })
  return {
    bus,
    sink,
    told,
    posted,
    arrivals,
    entry,
    snapshot,
    hear: () => listener!,
    live: (is: boolean) => {
      isLive = is
    },
  }
}

describe('the bus of invalidations', () => {
  test('tells what others invalidated, not what this instance did itself', () => {
    const { bus, sink, told, entry, snapshot, hear, live } = setUp()
    hear().onGap(snapshot(1, 3), 'start')
    live(true)
    bus.start(sink)
    expect(told).toEqual(['all:@era:3', 'trust'])
    hear().onEntry(entry(4, 'a'))
    hear().onEntry(entry(5, 'own', 'self'))
    hear().onEntry({ ...entry(6, 'b'), topic: 'identity' })
    expect(told.slice(2)).toEqual(['tag:a@era:4'])
  })

  test('distrusts once for each silence, and trusts again when it is over', () => {
    const { bus, sink, told, snapshot, hear, live } = setUp()
    bus.start(sink)
    hear().onSilence('gone')
    hear().onGap(snapshot(1, 0), 'start')
    live(true)
    hear().onLive()
    for (let at = 0; at < 3; at += 1) hear().onSilence('gone')
    hear().onLive()
    expect(told).toEqual(['distrust', 'all:@era:0', 'trust', 'distrust', 'trust'])
  })

  test.each([
    ['known before the start', true],
    ['known after the start', false],
  ])('a level that outlived the process is told what it missed: %s', (_, isEarly) => {
    const { bus, sink, told, entry, snapshot, hear } = setUp()
    if (isEarly) {
      hear().onGap(snapshot(5, 8), 'start')
      hear().onEntry(entry(9, 'late'))
    }
    bus.start(sink, 'era:6')
    if (!isEarly) {
      hear().onGap(snapshot(5, 8), 'start')
      hear().onEntry(entry(9, 'late'))
    }
    const missed = told.filter((text) => text !== 'distrust')
    expect(missed).toEqual(['tag:t7@era:7', 'tag:t8@era:8', 'tag:late@era:9'])
  })

  test.each([
    ['its place is not kept any more', 'era:3'],
    ['it lies in another numbering', 'other:6'],
    ['it lies beyond what is known', 'era:9'],
    ['it is unknown', 'unknown'],
  ])('or to forget everything when %s', (_, resumeFrom) => {
    const { bus, sink, told, snapshot, hear } = setUp()
    bus.start(sink, resumeFrom)
    hear().onGap(snapshot(5, 8), 'start')
    expect(told).toEqual(['distrust', 'all:@era:8'])
  })

  test('a later gap is never resumed from', () => {
    const { bus, sink, told, snapshot, hear } = setUp()
    bus.start(sink, 'era:6')
    hear().onGap(snapshot(5, 8), 'start')
    hear().onGap(snapshot(5, 9), 'another server')
    expect(told.at(-1)).toBe('all:@era:9')
  })

  test('nothing on a name is current while its invalidation is under way, counted for each', async () => {
    const { bus, sink, arrivals, snapshot, hear } = setUp()
    hear().onGap(snapshot(1, 3), 'start')
    bus.start(sink)
    const names = [{ kind: 'tag', name: 'x' }] as const
    const isCurrent = (fence: string): boolean => bus.history.isCurrent(names, fence)
    expect(isCurrent('era:3')).toBe(true)
    const both = [bus.publish(names[0]), bus.publish(names[0])]
    expect(isCurrent('era:3')).toBe(false)
    arrivals[0]?.({ era: 'era', sequence: 4 })
    await both[0]
    // The second has no place yet, so not even an entry newer than the first is trusted.
    expect(isCurrent('era:9')).toBe(false)
    arrivals[1]?.({ era: 'era', sequence: 5 })
    await both[1]
    expect([isCurrent('era:4'), isCurrent('era:5')]).toEqual([false, true])
  })

  test('an invalidation with a number that was known already makes nothing current until that is heard', async () => {
    const { bus, sink, arrivals, snapshot, hear } = setUp()
    hear().onGap(snapshot(1, 9), 'start')
    bus.start(sink)
    // Redis came back in the state in which four had been published.
    const published = bus.publish({ kind: 'tag', name: 'x' })
    arrivals[0]?.({ era: 'era', sequence: 5 })
    await published
    expect(bus.history.position()).toBeUndefined()
    expect(bus.history.isCurrent([{ kind: 'tag', name: 'x' }], 'era:9')).toBe(false)
    hear().onGap({ position: { era: 'anew', sequence: 0 }, entries: [] }, 'another server')
    expect(bus.history.position()).toBe('anew:0')
  })

  test('an invalidation that went into another numbering makes nothing current until that is heard', async () => {
    const { bus, sink, arrivals, snapshot, hear } = setUp()
    hear().onGap(snapshot(1, 3), 'start')
    bus.start(sink)
    const published = bus.publish({ kind: 'tag', name: 'x' })
    arrivals[0]?.({ era: 'anew', sequence: 1 })
    await published
    expect(bus.history.position()).toBeUndefined()
    expect(bus.history.isCurrent([{ kind: 'tag', name: 'y' }], 'era:3')).toBe(false)
    hear().onGap({ position: { era: 'anew', sequence: 1 }, entries: [] }, 'the stream began anew')
    expect(bus.history.position()).toBe('anew:1')
  })
})
