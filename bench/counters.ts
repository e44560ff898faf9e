/**
 * The cost of a take: nanoseconds for one and two claims, with 1,000 to 100,000 subjects in
 * random order, also with callers that remember where their counters are, and the memory of a million
 * counters. Run: `bun bench/counters.ts`.
 */
import { createMemoryCounters } from '../src/storage/index.ts'
import type { Claim, CounterShape, SlotHint } from '../src/storage/index.ts'

const START_MS = 1_767_225_600_000
const ROUNDS = 4
const TAKES = 200_000
const LIMITS = ['rate', 'quota'] as const

const BUCKET: CounterShape = { kind: 'bucket', limit: 100_000, windowMs: 60_000, burst: 100_000 }
const SLIDING: CounterShape = { kind: 'sliding', limit: 100_000, windowMs: 60_000 }
const DAY: CounterShape = { kind: 'calendar', limit: 1_000_000, window: 'day', offsetMs: 0 }
const FLIGHT: CounterShape = { kind: 'concurrency', limit: 1_000_000 }

const MIXES: Readonly<Record<string, readonly CounterShape[]>> = {
  bucket: [BUCKET],
  sliding: [SLIDING],
  calendar: [DAY],
  concurrency: [FLIGHT],
  'bucket + calendar': [BUCKET, DAY],
  'bucket + sliding': [BUCKET, SLIDING],
}

const subjectOf = (at: number, index: number): string =>
  `key_${at.toString(36).padStart(22, '0')}${index}`

/** Nanoseconds of the fastest round; claims are made per take, as the gate does. */
function measure(subjects: number, shapes: readonly CounterShape[]): number {
  const counters = createMemoryCounters()
  const names = Array.from({ length: subjects }, (_, at) =>
    shapes.map((_, index) => subjectOf(at, index)),
  )
  const claimsOf = (at: number): readonly Claim[] => {
    const own = names[at]!
    const claims: Claim[] = []
    for (let index = 0; index < shapes.length; index++) {
      const [shape, subject] = [shapes[index]!, own[index]!]
      claims.push({ name: LIMITS[index]!, shape, subject, cost: 1, shadow: false })
    }
    return claims
  }
  for (let at = 0; at < subjects; at++) counters.take(claimsOf(at), START_MS)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    for (let at = 0; at < TAKES; at++) {
      counters.take(claimsOf((Math.imul(at, 2_654_435_761) >>> 0) % subjects), START_MS + (at >> 8))
    }
    best = Math.min(best, ((performance.now() - began) * 1e6) / TAKES)
  }
  return best
}

/** {@link measure} as the gate does it: all claims of one subject, filled in anew, with its hint. */
function measureHinted(subjects: number, shapes: readonly CounterShape[]): number {
  const counters = createMemoryCounters()
  const callers = Array.from({ length: subjects }, (_, at): SlotHint => {
    return { id: subjectOf(at, 0), counterPlace: -1, counterEra: undefined }
  })
  const forms = shapes.map((shape, index) => {
    return { name: LIMITS[index]!, shape, subject: '', cost: 1, shadow: false }
  })
  const take = (caller: SlotHint, nowMs: number): void => {
    for (const form of forms) form.subject = caller.id
    counters.take(forms, nowMs, true, caller)
  }
  for (const caller of callers) take(caller, START_MS)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    for (let at = 0; at < TAKES; at++) {
      take(callers[(Math.imul(at, 2_654_435_761) >>> 0) % subjects]!, START_MS + (at >> 8))
    }
    best = Math.min(best, ((performance.now() - began) * 1e6) / TAKES)
  }
  return best
}

const printTimes = (asked: string, timed: typeof measure): void => {
  for (const [name, shapes] of Object.entries(MIXES)) {
    for (const subjects of [1_000, 10_000, 100_000]) {
      const ns = timed(subjects, shapes)
      process.stdout.write(`${name}, ${subjects} subjects${asked}: ${ns.toFixed(0)} ns\n`)
    }
  }
}

printTimes('', measure)

const before = process.memoryUsage().rss
const million = createMemoryCounters()
for (let at = 0; at < 1_000_000; at++) {
  million.take(
    [{ name: 'a', shape: BUCKET, subject: subjectOf(at, 0), cost: 1, shadow: false }],
    START_MS,
  )
}
const bytes = (process.memoryUsage().rss - before) / 1e6
process.stdout.write(`a million counters: ${bytes.toFixed(0)} bytes each\n`)

printTimes(', remembered', measureHinted)
