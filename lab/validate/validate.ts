import type { ClaimRecord, ExperimentRecord, Figure, Progress } from '../core/index.ts'
import { formatInterval, formatValue, LabError } from '../core/index.ts'
import { runCheck } from './checks/index.ts'
import { judge } from './expectation.ts'
import type { Expectation } from './expectation.ts'
import type { CheckItem, Plan, PlanClaim } from './plan.ts'
import { startServices } from './services.ts'

/** What a validation needs from outside. */
export interface ValidationContext {
  /** Runs a command line of the lab, such as `['load', '--rate', '1000']`. */
  readonly run: (argv: readonly string[]) => Promise<ExperimentRecord>
  /** Where programs of the plan run, and to which paths of its files are relative. */
  readonly folder: string
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** The result of a plan. */
export interface Validation {
  readonly experiments: readonly ExperimentRecord[]
  readonly claims: readonly ClaimRecord[]
}

type Ran = { readonly index: number } | { readonly problem: string }
type Judged = Pick<ClaimRecord, 'status' | 'reason' | 'measured'>

/**
 * Starts the servers of a plan, runs its experiments one after another, judges the claims by their figures, and goes
 * through the checklist. An inconclusive experiment decides nothing. One that cannot run leaves its claims
 * unknown; the rest of the plan goes on.
 *
 * @throws {LabError} If a server of the plan does not start.
 */
export async function validate(plan: Plan, context: ValidationContext): Promise<Validation> {
  const names = Object.keys(plan.services)
  if (names.length > 0) context.progress.note(`starting ${names.join(', ')}`)
  const services = await startServices(plan.services, context.folder, context.signal)
  try {
    return await work(plan, context)
  } finally {
    await services.stop()
  }
}

async function work(plan: Plan, context: ValidationContext): Promise<Validation> {
  const experiments: ExperimentRecord[] = []
  const ran = new Map<string, Ran>()
  const wanted = Object.entries(plan.experiments)
  const total = wanted.length + plan.checklist.length
  for (const [at, [name, { run }]] of wanted.entries()) {
    context.progress.step(`${name}: ${run.join(' ')}`, at, total)
    ran.set(name, await attempt(name, run, experiments, context))
  }
  const claims = plan.claims.map((claim) => judgeClaim(claim, ran.get(claim.of), experiments))
  const checklist: ClaimRecord[] = []
  for (const [at, item] of plan.checklist.entries()) {
    context.signal.throwIfAborted()
    context.progress.step(item.text, wanted.length + at, total)
    checklist.push(await look(item, context))
  }
  return { experiments, claims: [...claims, ...checklist] }
}

async function attempt(
  name: string,
  argv: readonly string[],
  experiments: ExperimentRecord[],
  { run, progress, signal }: ValidationContext,
): Promise<Ran> {
  signal.throwIfAborted()
  try {
    const record = await run(argv)
    // A plan may hold several of a kind.
    experiments.push({ ...record, title: `${record.title}: ${name}` })
    return { index: experiments.length - 1 }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    progress.note(`${argv[0]} could not run: ${error.message}`)
    return { problem: error.message }
  }
}

function judgeClaim(
  claim: PlanClaim,
  ran: Ran | undefined,
  experiments: readonly ExperimentRecord[],
): ClaimRecord {
  const head = {
    id: claim.id,
    text: claim.text,
    budget: claim.expect.map(({ text }) => text).join(', '),
    group: 'claim',
  } as const
  if (ran === undefined || 'problem' in ran) {
    const reason =
      ran === undefined ? 'it was not run' : `the experiment could not run: ${ran.problem}`
    return { ...head, measured: 'nothing', status: 'unknown', reason, evidence: [] }
  }
  const { outcome } = experiments[ran.index]!
  const parts = claim.expect.map((one) => judgeFigure(one, outcome.figures))
  const worst = (['fail', 'unknown', 'inconclusive', 'pass'] as const).find((status) =>
    parts.some((part) => part.status === status),
  )!
  const reasons = parts.filter((part) => part.status === worst).map(({ reason }) => reason)
  const { verdict, reason } = outcome.judgement
  const doubtful = verdict === 'inconclusive' && worst !== 'unknown'
  return {
    ...head,
    measured:
      parts.length === 1
        ? parts[0]!.measured
        : parts.map(({ measured }, at) => `${claim.expect[at]!.figure} ${measured}`).join('; '),
    status: doubtful ? 'inconclusive' : worst,
    reason: doubtful ? reason : [...new Set(reasons)].join('; '),
    evidence: [ran.index],
  }
}

function judgeFigure(expectation: Expectation, figures: readonly Figure[]): Judged {
  const figure = figures.find(({ name }) => name === expectation.figure)
  if (figure === undefined) {
    const names = figures.map(({ name }) => name).join(', ')
    const reason = `there is no figure ${expectation.figure}; there are: ${names}`
    return { status: 'unknown', measured: 'nothing', reason }
  }
  const value = formatValue(figure)
  const measured =
    figure.interval === undefined || figure.value === null
      ? value
      : `${value}, ${formatInterval(figure.interval, figure.unit)}`
  return { ...judge(expectation, figure), measured }
}

async function look(item: CheckItem, { folder, signal }: ValidationContext): Promise<ClaimRecord> {
  const { status, measured, reason, evidence } = await runCheck(item, folder, signal)
  return {
    id: item.id,
    text: item.text,
    budget: 'yes',
    measured,
    status,
    reason,
    evidence: [evidence],
    group: 'checklist',
  }
}
