import type { Random } from '../../src/core/random.ts'
import { createSeededRandom } from '../../src/core/random.ts'
import type { Block } from './abba.ts'
import { measureBlock, shuffled } from './abba.ts'
import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import { DISCARD_MS, SEED } from './bench.ts'
import type { Finding, Report } from './finding.ts'
import { renderEstimate, renderFinding } from './finding.ts'
import { openLatencyArms, RATE_PER_SECOND } from './latency-arms.ts'
import type { Latencies } from './open-loop.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { rest } from './rest.ts'
import type { Estimate, Verdict } from './statistics.ts'
import { estimate, median, quantile, verdictOf } from './statistics.ts'

const ADDED_P99_MS_MAX = 0.2
/** A generator that is later than this in a slice measures itself: the block is left out. */
const LAG_P99_MS_MAX = 0.5
/** With fewer blocks left than this share, those that are left say little: all are shown, and nothing is judged. */
const KEPT_SHARE_MIN = 0.5
const BASE = armNamed('bare')
const AGAIN = armNamed('aa')
const GATE = armNamed('all')

/** An arm, each of its blocks between slices of the bare server. */
interface Contender {
  readonly arm: Arm
  readonly blocks: Block<Latencies>[]
}

/** p50 and p99 at a fixed rate, and what the gate adds to them. */
export async function measureLatency(options: Options): Promise<Report> {
  const random = createSeededRandom(SEED)
  const arms = await openLatencyArms([BASE, AGAIN, GATE], options)
  const contenders = [AGAIN, GATE].map((arm): Contender => ({ arm, blocks: [] }))
  try {
    const slice = (arm: Arm) => async () => {
      await rest()
      return arms.loop(arm).run(options.sliceMs, DISCARD_MS)
    }
    for (let round = 1; round <= options.blocks; round++) {
      progress(`block ${round} of ${options.blocks}`)
      for (const contender of shuffled(contenders, random)) {
        contender.blocks.push(await measureBlock(slice(BASE), slice(contender.arm), random))
      }
    }
  } finally {
    await arms.close()
  }
  const rows = contenders.map((contender) => rowOf(contender, random))
  return reportOf(rows, options, arms.isPinned)
}

const isPunctual = ({ base, arm }: Block<Latencies>): boolean =>
  [...base, ...arm].every(({ lag }) => quantile(lag, 0.99) <= LAG_P99_MS_MAX)

/** What an arm adds in the median of its blocks, and the times themselves, all slices taken together. */
interface Row {
  readonly arm: Arm
  readonly addedP50Ms: Estimate
  readonly addedP99Ms: Estimate
  readonly base: Times
  readonly own: Times
  /** Blocks in which the generator was late. */
  readonly late: number
  /** Whether so many were that nothing can be judged. */
  readonly isSpoilt: boolean
}

interface Times {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lagP99Ms: number
}

function rowOf({ arm, blocks: all }: Contender, random: Random): Row {
  const punctual = all.filter(isPunctual)
  const isSpoilt = punctual.length < all.length * KEPT_SHARE_MIN
  const blocks = isSpoilt ? all : punctual
  const added = (q: number): Estimate =>
    estimate(
      blocks.map((block) => sliceQuantile(block.arm, q) - sliceQuantile(block.base, q)),
      random,
    )
  return {
    arm,
    addedP50Ms: added(0.5),
    addedP99Ms: added(0.99),
    base: timesOf(blocks.flatMap(({ base }) => base)),
    own: timesOf(blocks.flatMap((block) => block.arm)),
    late: all.length - punctual.length,
    isSpoilt,
  }
}

const sliceQuantile = (slices: readonly Latencies[], q: number): number =>
  median(slices.map(({ response }) => quantile(response, q)))

function timesOf(slices: readonly Latencies[]): Times {
  const of = (kind: keyof Latencies, q: number): number =>
    quantile(Float64Array.from(slices.flatMap((slice) => [...slice[kind]])).sort(), q)
  return { p50Ms: of('response', 0.5), p99Ms: of('response', 0.99), lagP99Ms: of('lag', 0.99) }
}

/**
 * What can be said of what the gate adds. Where a second bare server seems to add or save as much as the gate
 * may, or the generator was late too often, nothing can.
 */
function verdict(gate: Row, again: Row): { readonly verdict: Verdict; readonly doubt?: string } {
  if (gate.isSpoilt || again.isSpoilt) {
    return { verdict: 'UNSURE', doubt: 'These are most: all are shown, and nothing is judged.' }
  }
  const { low, high } = again.addedP99Ms
  if (Math.max(-low, high) > ADDED_P99_MS_MAX) {
    const doubt = `A/A differs by up to ${Math.max(-low, high).toFixed(3)} ms: noise hides the answer.`
    return { verdict: 'UNSURE', doubt }
  }
  return { verdict: verdictOf(gate.addedP99Ms, ADDED_P99_MS_MAX, 'below') }
}

function reportOf(rows: readonly Row[], options: Options, isPinned: boolean): Report {
  const [again, gate] = rows as [Row, Row]
  const found = verdict(gate, again)
  const finding: Finding = {
    what: `milliseconds added to p99, ${gate.arm.title}`,
    value: gate.addedP99Ms,
    bound: ADDED_P99_MS_MAX,
    wants: 'below',
    verdict: found.verdict,
  }
  const late = rows.reduce((sum, row) => sum + row.late, 0)
  const notes = [
    ...(isPinned ? [] : ['The processes are not pinned to processors.']),
    ...(late === 0 ? [] : [`The generator was late in ${late} blocks, which are left out.`]),
    ...(found.doubt === undefined ? [] : [found.doubt]),
  ]
  const ms = (value: number): string => value.toFixed(3).padStart(8)
  const times = ({ p50Ms, p99Ms, lagP99Ms }: Times): string =>
    [p50Ms, p99Ms, lagP99Ms].map(ms).join(' ')
  const head = `${'arm'.padEnd(26)} ${'added p50'.padEnd(23)} ${'added p99'.padEnd(23)}`
  const lines = [
    `${RATE_PER_SECOND} requests a second from the planned moment, a process for each arm, ${options.keys} keys, ` +
      `${options.blocks} blocks of 4 slices of ${options.sliceMs} ms; ms, medians of blocks with 95 % intervals`,
    ...notes,
    '',
    `${head}      p50      p99  lag p99   p50      p99  lag p99 of bare`,
    ...rows.map((row) =>
      [
        row.arm.title.padEnd(26),
        renderEstimate(row.addedP50Ms).padEnd(23),
        renderEstimate(row.addedP99Ms).padEnd(23),
        times(row.own),
        times(row.base),
      ].join(' '),
    ),
    '',
    renderFinding(finding),
  ]
  return {
    lines,
    findings: [finding],
    data: { notes, rows: rows.map(({ arm, ...row }) => ({ ...row, ...arm })) },
  }
}
