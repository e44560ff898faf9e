import type { MicroSubject } from './define.ts'
import type { MicroRun } from './raw.ts'

/** How long to do what. */
export interface Timing {
  readonly points: number
  readonly sampleMs: number
  readonly warmUpMs: number
}

/** Runs a number of iterations and returns the nanoseconds they took. */
type Loop = (iterations: number) => Promise<number> | number

/** Receives the result of every iteration, so that the compiler cannot leave any out. */
const sink = { value: undefined as unknown }

/** Times a case in this process: a doubling warm-up, then d, 2d, … Nd iterations. */
export async function timeCase(
  subject: MicroSubject,
  { points, sampleMs, warmUpMs }: Timing,
): Promise<MicroRun> {
  const isAsync = subject.run() instanceof Promise
  const loop = isAsync ? asyncLoop(subject) : syncLoop(subject)
  const { perIterationNs, settled } = await warmUp(loop, warmUpMs)
  // The points add up to N(N + 1)/2 steps.
  const steps = (points * (points + 1)) / 2
  const step = Math.max(1, Math.round((sampleMs * 1e6) / steps / perIterationNs))
  const iterations = Array.from({ length: points }, (_, at) => step * (at + 1))
  const nanoseconds: number[] = []
  for (const count of iterations) nanoseconds.push(await loop(count))
  if (sink.value === sink) throw new Error('unreachable')
  return { iterations, nanoseconds, settled, isAsync }
}

function syncLoop(subject: MicroSubject): Loop {
  return (iterations) => {
    const start = Bun.nanoseconds()
    for (let at = 0; at < iterations; at += 1) sink.value = subject.run()
    return Bun.nanoseconds() - start
  }
}

function asyncLoop(subject: MicroSubject): Loop {
  return async (iterations) => {
    const start = Bun.nanoseconds()
    for (let at = 0; at < iterations; at += 1) sink.value = await subject.run()
    return Bun.nanoseconds() - start
  }
}

const SETTLED = 0.05

/** Doubles the iterations until the time is over; the code has warmed up when doubling changes nothing. */
async function warmUp(
  loop: Loop,
  warmUpMs: number,
): Promise<{ readonly perIterationNs: number; readonly settled: boolean }> {
  let spentNs = 0
  let before = Number.NaN
  let now = Number.NaN
  for (let iterations = 1; spentNs < warmUpMs * 1e6; iterations *= 2) {
    const took = await loop(iterations)
    spentNs += took
    before = now
    now = Math.max(took / iterations, 0.1)
  }
  return { perIterationNs: now, settled: Math.abs(now / before - 1) < SETTLED }
}

const ALLOCATION_BYTES_MAX = 256 * 2 ** 20
const ALLOCATION_MS_MAX = 2000

/**
 * Bytes that one iteration allocates. Call it with garbage collection turned off, so that the process grows by
 * what is allocated. The first rounds do not count, because the compiler allocates in them as well.
 */
export async function allocationOf(subject: MicroSubject): Promise<number> {
  const isAsync = subject.run() instanceof Promise
  const loop = isAsync ? asyncLoop(subject) : syncLoop(subject)
  const startNs = Bun.nanoseconds()
  const rss = (): number => process.memoryUsage.rss()
  let iterations = 2000
  await loop(iterations)
  const growths: number[] = []
  const firstBytes = rss()
  while (growths.length < 8) {
    const before = rss()
    await loop(iterations)
    const grown = rss() - before
    growths.push(Math.max(0, grown / iterations))
    const isOver = (Bun.nanoseconds() - startNs) / 1e6 > ALLOCATION_MS_MAX
    if (isOver || rss() - firstBytes > ALLOCATION_BYTES_MAX) break
    // Memory grows in whole pages; the more iterations, the less that matters.
    if (grown < 2 ** 22) iterations *= 2
  }
  return growths.at(-1) ?? 0
}
