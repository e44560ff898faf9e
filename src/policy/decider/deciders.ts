import type { Clock } from '../../core/clock.ts'
import type { PoliciesConfig, RegoPolicyConfig } from './config.ts'
import type { Answer, Engine, EngineProblem } from './engine.ts'
import { createEngine } from './engine.ts'
import type { RequestFacts } from './facts.ts'
import type { ShadowChange, ShadowReport, ShadowTally } from './shadow.ts'
import { createShadowTally } from './shadow.ts'

/** What a policy says of a request. */
export interface Verdict {
  readonly allowed: boolean
  readonly rule: string
  readonly reason: string | undefined
}

/** A policy that can be asked. It never throws: what fails is refused. */
export interface Decider {
  readonly name: string
  readonly readsBody: boolean
  decide(facts: RequestFacts, explaining: boolean): Verdict
}

/** The policies of a configuration, compiled. */
export interface Deciders {
  get(name: string): Decider | undefined
  /** What policies in shadow would change. */
  shadows(): readonly ShadowReport[]
}

/** What policies stand on. */
export interface DecidersWorld {
  readonly clock: Clock
  /** A policy could not decide; told at most once a second. */
  readonly onFailure: (policy: string, failure: string) => void
  /** A policy in shadow would have decided otherwise; told at most once a second. */
  readonly onChange: (policy: string, change: ShadowChange) => void
}

/** Compiles policies; problems are placed beneath `policies`. */
export function createDeciders(
  config: PoliciesConfig,
  world: DecidersWorld,
): { readonly deciders: Deciders; readonly problems: readonly EngineProblem[] } {
  const problems: EngineProblem[] = []
  const deciders = new Map<string, Decider>()
  const tallies: ShadowTally[] = []
  for (const [name, policy] of Object.entries(config)) {
    const active = createEngine(specOf(policy, policy), world.clock)
    const shadow =
      policy.shadow === undefined
        ? undefined
        : createEngine(specOf(policy, policy.shadow), world.clock)
    if (!active.ok) problems.push(...beneath([name], active.problems))
    if (shadow?.ok === false) problems.push(...beneath([name, 'shadow'], shadow.problems))
    if (!active.ok || shadow?.ok === false) continue
    const tally =
      shadow &&
      createShadowTally({
        policy: name,
        revision: active.engine.revision,
        shadowRevision: shadow.engine.revision,
      })
    if (tally !== undefined) tallies.push(tally)
    const beside = shadow && tally && { engine: shadow.engine, tally }
    deciders.set(name, createDecider(name, active.engine, beside, world))
  }
  return {
    deciders: {
      get: (name) => deciders.get(name),
      shadows: () => tallies.map((tally) => tally.report()),
    },
    problems,
  }
}

const specOf = (
  policy: RegoPolicyConfig,
  where: RegoPolicyConfig | RegoPolicyConfig['shadow'],
) => ({
  paths: where?.paths,
  bundle: where?.bundle,
  entry: where?.entry ?? policy.entry,
  headers: policy.headers,
  steps: policy.steps,
  timeoutMs: policy.timeout,
  verdictsMax: policy.verdicts,
})

const beneath = (
  at: readonly string[],
  problems: readonly EngineProblem[],
): readonly EngineProblem[] =>
  problems.map(({ path, message }) => ({ path: ['policies', ...at, ...path], message }))

interface Beside {
  readonly engine: Engine
  readonly tally: ShadowTally
}

function createDecider(
  name: string,
  active: Engine,
  shadow: Beside | undefined,
  world: DecidersWorld,
): Decider {
  const label = `policy ${name} (revision ${active.revision})`
  const tellFailure = oncePerSecond(world.clock, world.onFailure)
  const tellChange = oncePerSecond(world.clock, world.onChange)
  const allowed: Verdict = { allowed: true, rule: `${label} allows`, reason: undefined }
  const refused: Verdict = { allowed: false, rule: `${label} refuses`, reason: undefined }
  const verdictOf = ({ failure, reason, ...answer }: Answer): Verdict => {
    if (failure !== undefined) {
      return { allowed: false, rule: `${label} failed: ${failure}`, reason: undefined }
    }
    const plain = answer.allowed ? allowed : refused
    return reason === undefined ? plain : { ...plain, rule: `${plain.rule}: ${reason}`, reason }
  }
  return {
    name,
    readsBody: active.readsBody || shadow?.engine.readsBody === true,
    decide(facts, explaining) {
      const answer = active.ask(facts)
      if (!explaining) {
        if (answer.failure !== undefined) tellFailure(name, answer.failure)
        if (shadow !== undefined) {
          const change = shadow.tally.add(facts, answer, shadow.engine.ask(facts))
          if (change !== undefined) tellChange(name, change)
        }
      }
      return verdictOf(answer)
    },
  }
}

const SECOND_MS = 1000

/** Strangers decide how often something happens, so not every time is told. */
function oncePerSecond<T>(
  clock: Clock,
  tell: (policy: string, what: T) => void,
): (policy: string, what: T) => void {
  let quietUntilMs = Number.NEGATIVE_INFINITY
  return (policy, what) => {
    const nowMs = clock.monotonicMs()
    if (nowMs < quietUntilMs) return
    quietUntilMs = nowMs + SECOND_MS
    tell(policy, what)
  }
}
