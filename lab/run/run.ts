import type {
  ClaimRecord,
  Experiment,
  ExperimentRecord,
  Json,
  Judgement,
  LabRecord,
  Progress,
  Trust,
} from '../core/index.ts'
import { createRandom, RECORD_FORMAT, worst } from '../core/index.ts'
import {
  gradeOf,
  listenerPid,
  readFingerprint,
  takeSnapshot,
  usageBetween,
} from '../machine/index.ts'
import { repeatCommand } from './command-line.ts'
import { redactHeaders } from './redact.ts'
import { mergeTrust, settle } from './settle.ts'
import { readVersions } from './versions.ts'

/** What a run needs to know about its surroundings. */
export interface RunContext {
  readonly seed: number
  /** The command line as given: `['overhead', '--quick']`. */
  readonly argv: readonly string[]
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly signal: AbortSignal
  readonly progress: Progress
  /** The server that is measured; if it is local, its process does not count as other work. */
  readonly target?: string
}

/** Measures while watching the machine, then analyzes. Rejects with what `measure` rejects with. */
export async function runExperiment<Options extends Json, Raw extends Json>(
  experiment: Experiment<Options, Raw>,
  options: Options,
  context: RunContext,
): Promise<ExperimentRecord> {
  const { seed, argv, monotonicMs, wallMs, signal, progress, target } = context
  const random = createRandom(seed)
  const ownPids = [process.pid, ...targetPid(target)]
  const startedAt = new Date(wallMs()).toISOString()
  const before = takeSnapshot(monotonicMs(), ownPids)
  const world = { monotonicMs, wallMs, seed, random, signal, progress }
  const raw = await experiment.measure(options, world)
  const usage = usageBetween(before, takeSnapshot(monotonicMs(), ownPids))
  const analyzed = experiment.analyze(options, raw, seed)
  const observed: Trust = {
    ...gradeOf(usage, readFingerprint().cores),
    foreignCores: usage.foreignCores,
    cpuPressure: usage.cpuPressure,
    lagP99Ms: null,
    generatorCores: null,
    floor: null,
    discarded: [],
  }
  const trust = mergeTrust(observed, analyzed.trust)
  return {
    kind: experiment.kind,
    title: experiment.title,
    options: redactHeaders(options),
    raw,
    outcome: settle(analyzed, trust),
    seed,
    startedAt,
    durationMs: usage.seconds * 1000,
    trust,
    command: repeatCommand(argv, seed),
  }
}

function targetPid(target: string | undefined): readonly number[] {
  if (target === undefined) return []
  const { hostname, port, protocol } = new URL(target)
  if (!/^(?:localhost|127\.|\[::1\])/.test(hostname)) return []
  const pid = listenerPid(Number(port === '' ? ({ 'https:': 443 }[protocol] ?? 80) : port))
  return pid === undefined ? [] : [pid]
}

/** The head of a record. */
export interface RecordHead {
  readonly title: string
  readonly target: string
  readonly seed: number
  readonly argv: readonly string[]
  readonly claims?: readonly ClaimRecord[]
  /** When it began and ended, in milliseconds since 1970; by default as the experiments say. */
  readonly spanMs?: readonly [startMs: number, endMs: number]
}

/** One record of one or more runs, judged by the worst of them and of its claims. */
export function toLabRecord(
  experiments: readonly ExperimentRecord[],
  { title, target, seed, argv, claims = [], spanMs }: RecordHead,
): LabRecord {
  const starts = experiments.map(({ startedAt }) => Date.parse(startedAt))
  const ends = experiments.map(({ durationMs }, index) => starts[index]! + durationMs)
  const [startMs, endMs] = spanMs ?? [Math.min(...starts), Math.max(...ends)]
  const judgements = experiments.map(({ outcome }) => outcome.judgement)
  return {
    format: RECORD_FORMAT,
    title,
    target,
    startedAt: new Date(startMs).toISOString(),
    finishedAt: new Date(endMs).toISOString(),
    seed,
    command: repeatCommand(argv, seed),
    versions: readVersions(),
    fingerprint: readFingerprint(),
    judgement: judgeRecord(claims, judgements),
    experiments,
    claims,
  }
}

/** The judgement of a record as a whole: by its claims, or by its experiments if it has none. */
export const judgeRecord = (
  claims: readonly ClaimRecord[],
  judgements: readonly Judgement[],
): Judgement => (claims.length > 0 ? judgeClaims(claims) : worst(judgements))

/** All claims must hold; the reason counts those that do, and names the first of the worst. */
function judgeClaims(claims: readonly ClaimRecord[]): Judgement {
  const { verdict, reason } = worst(
    claims.map((claim) => ({
      verdict: claim.status === 'unknown' ? 'inconclusive' : claim.status,
      reason: `${claim.text}: ${claim.reason}`,
    })),
  )
  const held = claims.filter(({ status }) => status === 'pass').length
  return {
    verdict,
    reason: verdict === 'pass' ? `all ${held} hold` : `${held} of ${claims.length} hold; ${reason}`,
  }
}
