import type { Random } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import { ratioOf } from './abba.ts'
import type { Arm } from './arms.ts'
import { baselineOf } from './arms.ts'
import { splitNs, sumOfCpuTimes } from './cpu-time.ts'
import type { KeptBlocks } from './kept-blocks.ts'
import { keepBlocks } from './kept-blocks.ts'
import type { Slice } from './slice.ts'
import { busyShare, cpuPerRequest, requestsPerSecond } from './slice.ts'
import type { Estimate } from './statistics.ts'
import { estimate, median } from './statistics.ts'

/** A server alone on its processor is busy for more than 0.9 of the time, one that shares it for half. */
const BUSY_MIN = 0.8

/** An arm compared with its baseline. */
export interface Row extends Level, Pick<KeptBlocks, 'isSpoilt'> {
  readonly arm: Arm
  readonly throughput: Estimate
  readonly cpu: Estimate
  /** Whether either server waited for other work or for the generator, so that throughput is not its own limit. */
  readonly isStarved: boolean
  /** Blocks left out, by reason. */
  readonly left: Pick<KeptBlocks, 'stalled' | 'dropped'>
}

/** Figures of the slices of one arm by themselves. */
interface Level {
  readonly requestsPerSecond: number
  readonly cpuUs: number
  /** Share of the wall time that the server was on a processor: near 1, or it was not at its limit. */
  readonly busy: number
  /** Requests of all its slices, including those left out. */
  readonly requests: number
  readonly written: number
  readonly dropped: number
  /** Processor time per request by kind of thread, most expensive first. */
  readonly threads: readonly ThreadShare[]
}

/** Microseconds per request, mean of all slices. */
export interface ThreadShare {
  readonly group: string
  readonly us: number
  readonly userUs: number
  readonly systemUs: number
}

/** The row of an arm; before that of an A/A arm, the one of the baseline that it copies. */
export function rowsOf(arm: Arm, all: readonly Block<Slice>[], random: Random): readonly Row[] {
  const { blocks, stalled, dropped, isSpoilt } = keepBlocks(all)
  // If too few blocks are usable, all are shown and nothing is judged.
  const shown = isSpoilt ? all : blocks
  const ratio = (figure: (slice: Slice) => number): Estimate =>
    estimate(
      shown.map((block) => ratioOf(block, figure)),
      random,
    )
  const side = (of: 'arm' | 'base'): Level =>
    levelOf(
      shown.flatMap((block) => block[of]),
      all.flatMap((block) => block[of]),
    )
  const left = { stalled, dropped }
  const [own, baseline] = [side('arm'), side('base')]
  const row: Row = {
    arm,
    ...own,
    isStarved: Math.min(own.busy, baseline.busy) < BUSY_MIN,
    throughput: ratio(requestsPerSecond),
    cpu: ratio(cpuPerRequest),
    left,
    isSpoilt,
  }
  if (!arm.name.startsWith('aa')) return [row]
  const same = { value: 1, low: 1, high: 1 }
  const { isStarved } = row
  const base = { arm: baselineOf(arm), ...baseline, throughput: same, cpu: same, isStarved }
  return [{ ...base, left: { stalled: 0, dropped: 0 }, isSpoilt }, row]
}

function levelOf(shown: readonly Slice[], all: readonly Slice[]): Level {
  const sum = (figure: 'requests' | 'written' | 'dropped'): number =>
    all.reduce((total, slice) => total + slice[figure], 0)
  return {
    requestsPerSecond: median(shown.map(requestsPerSecond)),
    cpuUs: median(shown.map(cpuPerRequest)) / 1000,
    busy: median(shown.map(busyShare)),
    requests: sum('requests'),
    written: sum('written'),
    dropped: sum('dropped'),
    threads: threadShares(shown),
  }
}

/** Processor time per request by kind of thread. */
export function threadShares(slices: readonly Slice[]): readonly ThreadShare[] {
  const requests = slices.reduce((sum, slice) => sum + slice.requests, 0)
  const us = (ns: number): number => ns / requests / 1000
  return [...sumOfCpuTimes(slices.map(({ cpu }) => cpu))]
    .map(([group, time]) => {
      const { userNs, systemNs } = splitNs(time)
      return { group, us: us(time.ns), userUs: us(userNs), systemUs: us(systemNs) }
    })
    .filter((share) => share.us > 0)
    .sort((a, b) => b.us - a.us)
}
