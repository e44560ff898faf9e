import type { Clock } from '../../core/clock.ts'
import type { Decision } from '../decisions/decision-log.ts'
import type { Answer } from './answer.ts'
import { failed } from './answer.ts'
import type { RegoPolicyConfig } from './config.ts'
import type { Decider, DecidersWorld, Verdict } from './decider.ts'
import type { Engine, EngineProblem, EngineSpec } from './engine.ts'
import type { RequestFacts } from './facts.ts'
import type { Holder, PolicyStatus } from './holder.ts'
import { createHolder } from './holder.ts'
import { createShadowTally } from './shadow.ts'
import type { ShadowReport, ShadowTally } from './shadow.ts'
import type { Places, SourcesWorld } from './sources-in-use.ts'
import { placeOf } from './sources-in-use.ts'

/** A policy, with the one that shadows it. */
export interface Asking {
  readonly decider: Decider
  shadow(): ShadowReport | undefined
  status(): readonly PolicyStatus[]
  start(): void
  close(): Promise<void>
}

type AskingWorld = DecidersWorld & SourcesWorld

const NANOSECONDS_PER_MS = 1e6
const NOT_LOADED = failed('the policy has not been loaded yet')

/** Makes a policy that can be asked. If it reports problems, the policy must not be asked. */
export function createAsking(
  name: string,
  policy: RegoPolicyConfig,
  world: AskingWorld,
  record: ((decision: Decision) => void) | undefined,
): { readonly asking: Asking; readonly problems: readonly EngineProblem[] } {
  const { clock } = world
  const active = holderOf(name, policy, policy, world, 'active')
  const shadow = policy.shadow && holderOf(`${name}.shadow`, policy, policy.shadow, world, 'shadow')
  const tally = shadow && createTallyOf(name, active.holder, shadow.holder)
  const verdictOf = createVerdicts(name, active.holder)
  const tellFailure = oncePerSecond(clock, world.onFailure)
  const tellChange = oncePerSecond(clock, world.onChange)
  const ask = record === undefined ? askHeld : createLogged(name, policy.entry, clock, record)

  const decider: Decider = {
    name,
    get readsBody() {
      return (
        active.holder.engine()?.readsBody === true || shadow?.holder.engine()?.readsBody === true
      )
    },
    decide(facts, explaining) {
      const engine = active.holder.engine()
      if (explaining) return verdictOf(engine, askHeld(engine, facts))
      const answer = ask(engine, facts)
      if (answer.failure !== undefined) tellFailure(name, answer.failure)
      if (shadow !== undefined && tally !== undefined) {
        const other = askHeld(shadow.holder.engine(), facts)
        const change = tally().add(facts, answer, other)
        if (change !== undefined) tellChange(name, change)
      }
      return verdictOf(engine, answer)
    },
  }
  const holders = [active.holder, ...(shadow === undefined ? [] : [shadow.holder])]
  const asking: Asking = {
    decider,
    shadow: () => tally?.().report(),
    status: () =>
      holders.map((holder, index): PolicyStatus => {
        const role = index === 0 ? 'active' : 'shadow'
        return { policy: name, role, ...holder.status() }
      }),
    start() {
      for (const holder of holders) holder.start()
    },
    async close() {
      await Promise.all(holders.map(async (holder) => holder.close()))
    },
  }
  const inShadow = (shadow?.problems ?? []).map(({ path, message }) => ({
    path: ['shadow', ...path],
    message,
  }))
  return { asking, problems: [...active.problems, ...inShadow] }
}

const askHeld = (engine: Engine | undefined, facts: RequestFacts): Answer =>
  engine === undefined ? NOT_LOADED : engine.ask(facts)

function holderOf(
  name: string,
  policy: RegoPolicyConfig,
  places: Places & { readonly entry?: string | undefined },
  world: AskingWorld,
  role: PolicyStatus['role'],
) {
  const spec: EngineSpec = {
    place: placeOf(places),
    entry: places.entry ?? policy.entry,
    headers: policy.headers,
    steps: policy.steps,
    timeoutMs: policy.timeout,
    verdictsMax: policy.verdicts,
  }
  const told = role === 'active' ? name : `${name} (in shadow)`
  return createHolder({
    name,
    spec,
    places,
    world,
    onSwap: (engine) => world.onLoaded(told, engine.revision),
    onFailure: (failure) => world.onRefused(told, failure),
  })
}

/** The tally of the two revisions in force; a new revision begins a new tally. */
function createTallyOf(name: string, active: Holder, shadow: Holder): () => ShadowTally {
  let current: { readonly of: readonly unknown[]; readonly tally: ShadowTally } | undefined
  return () => {
    const of = [active.engine(), shadow.engine()]
    if (current === undefined || current.of.some((engine, index) => engine !== of[index])) {
      const revision = active.engine()?.revision ?? ''
      const shadowRevision = shadow.engine()?.revision ?? ''
      current = { of, tally: createShadowTally({ policy: name, revision, shadowRevision }) }
    }
    return current.tally
  }
}

/** Turns answers into verdicts; for each engine, the verdicts are made once. */
function createVerdicts(
  name: string,
  holder: Holder,
): (engine: Engine | undefined, answer: Answer) => Verdict {
  const make = (engine: Engine | undefined) => {
    const label = `policy ${name} (revision ${engine?.revision ?? 'none'})`
    const allowed: Verdict = { allowed: true, rule: `${label} allows`, reason: undefined }
    const refused: Verdict = { allowed: false, rule: `${label} refuses`, reason: undefined }
    return { engine, label, allowed, refused }
  }
  let words = make(holder.engine())
  return (engine, { allowed, failure, reason }) => {
    if (words.engine !== engine) words = make(engine)
    if (failure !== undefined) {
      return { allowed: false, rule: `${words.label} failed: ${failure}`, reason: undefined }
    }
    const plain = allowed ? words.allowed : words.refused
    return reason === undefined ? plain : { ...plain, rule: `${plain.rule}: ${reason}`, reason }
  }
}

/** Asks a policy and logs the decision. */
function createLogged(
  policy: string,
  entry: string,
  clock: Clock,
  record: (decision: Decision) => void,
): (engine: Engine | undefined, facts: RequestFacts) => Answer {
  return (engine, facts) => {
    const startMs = clock.monotonicMs()
    const answer = askHeld(engine, facts)
    const tookNs = (clock.monotonicMs() - startMs) * NANOSECONDS_PER_MS
    record({
      policy,
      entry,
      revision: engine?.revision ?? '',
      // Read now, because the content of a request is gone once it has been answered.
      input: engine?.inputOf(facts) ?? {},
      result: answer.value,
      failure: answer.failure,
      atMs: facts.nowMs,
      tookNs,
      requestedBy: facts.address,
      requestId: facts.requestId,
      route: facts.route.id,
      tenantId: facts.caller.tenantId,
      callerKind: facts.caller.kind,
      callerId: facts.caller.id,
      masks: engine?.masks ?? NO_MASKS,
    })
    return answer
  }
}

const NO_MASKS = { mask: undefined, drop: undefined }

const SECOND_MS = 1000

/** Reports at most once a second, because strangers decide how often the event happens. */
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
