import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/error-message.ts'
import type { Prepared, Value } from '../../rego/index.ts'
import { compile, RegoError } from '../../rego/index.ts'
import type { PolicySources } from '../bundle/sources.ts'
import type { MaskRules } from '../decisions/mask-rules.ts'
import { maskRulesOf } from '../decisions/mask-rules.ts'
import type { Answer } from './answer.ts'
import { answerOf, failed } from './answer.ts'
import { createInputBuilder, readsAny } from './facts.ts'
import type { InputBuilder, RequestFacts } from './facts.ts'
import { RBAC_FILE, RBAC_MODULE } from './rbac-module.ts'
import { createFactsKey } from './facts-key.ts'
import { createVerdictCache } from './verdict-cache.ts'

/** A compiled policy with its cache of verdicts. It never changes: new sources make a new engine. */
export interface Engine {
  readonly revision: string
  readonly readsBody: boolean
  /** What the policy says about decisions in the log. */
  readonly masks: MaskRules
  /** Builds the input of the policy. */
  readonly inputOf: InputBuilder
  /** A failure does not allow. */
  ask(facts: RequestFacts): Answer
}

/** What an engine is made of, apart from the sources. */
export interface EngineSpec {
  /** Where the sources come from, which is where problems are reported. */
  readonly place: 'paths' | 'bundle'
  readonly entry: string
  readonly headers: readonly string[]
  readonly steps: number
  readonly timeoutMs: number
  /** How many verdicts are remembered at most; `auto` remembers some if deciding takes longer than a lookup. */
  readonly verdictsMax: number | 'auto'
}

/** A problem of a policy; its path is relative to the policy's place in the configuration. */
export interface EngineProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A compiled policy, or its problems. */
export type EngineOutcome =
  | { readonly ok: true; readonly engine: Engine }
  | { readonly ok: false; readonly problems: readonly EngineProblem[] }

/** Compiles a policy; problems name the file, line and column. */
export function createEngine(
  spec: EngineSpec,
  sources: PolicySources,
  clock: Clock,
): EngineOutcome {
  const refused = (path: string, ...messages: readonly string[]): EngineOutcome => ({
    ok: false,
    problems: messages.map((message) => ({ path: [path], message })),
  })
  const modules = Object.entries(sources.modules).filter(([file]) => !isTest(file))
  const own = modules.find(([, text]) => /^[ \t]*package[ \t]+tollgate\b/m.test(text))
  if (own !== undefined || Object.hasOwn(sources.data, 'tollgate')) {
    return refused(spec.place, `${own?.[0] ?? 'data'}: data.tollgate is the gate's own`)
  }
  try {
    const version = sources.regoVersion === 0 ? 'import rego.v1\n' : ''
    const policy = compile({
      modules: {
        ...Object.fromEntries(modules),
        [RBAC_FILE]: RBAC_MODULE.replace('\n', `\n${version}`),
      },
      data: sources.data,
      regoVersion: sources.regoVersion,
      steps: spec.steps,
      clock: () => BigInt(Math.round(clock.nowMs() * 1e6)),
    })
    if (!policy.rules().some(({ label }) => label === spec.entry)) {
      return refused('entry', `no rule is called ${spec.entry}`)
    }
    const outside = policy
      .dependencies(spec.entry)
      .nondeterministic.filter((builtin) => REACHING_OUT.has(builtin))
    if (outside.length > 0) {
      return refused(spec.place, ...outside.map((name) => `${name} reaches out: not in the gate`))
    }
    return { ok: true, engine: assemble(spec, sources.revision, policy, clock) }
  } catch (error) {
    if (error instanceof RegoError) return refused(spec.place, ...error.errors.map(problemText))
    throw error
  }
}

/** Built-ins that wait for the network, which a decision never does. */
const REACHING_OUT = new Set(['http.send', 'net.lookup_ip_addr'])

const isTest = (file: string): boolean => file.endsWith('_test.rego')

function problemText({ code, message, location }: RegoError['errors'][number]): string {
  if (location === undefined || location.file === '') return `${code}: ${message}`
  return `${location.file}:${location.row}:${location.col}: ${code}: ${message}`
}

const AUTO_VERDICTS_MAX = 10_000

function assemble(
  spec: EngineSpec,
  revision: string,
  policy: ReturnType<typeof compile>,
  clock: Clock,
): Engine {
  const { input: reads, nondeterministic } = policy.dependencies(spec.entry)
  const inputOf = createInputBuilder(reads, spec.headers)
  const evaluate = createEvaluate(policy.prepare(spec.entry), spec.timeoutMs, clock)
  const base = {
    revision,
    readsBody: readsAny(reads, '/request/body'),
    masks: maskRulesOf(policy),
    inputOf,
  }
  const decide = (facts: RequestFacts): Answer => evaluate(inputOf(facts))
  // A verdict depends only on what is read, unless a built-in answers differently each time.
  if (spec.verdictsMax === 0 || nondeterministic.length > 0) return { ...base, ask: decide }
  const isAuto = spec.verdictsMax === 'auto'
  const cache = createVerdictCache<RequestFacts, Answer>({
    keyOf: createFactsKey(reads, spec.headers),
    decide,
    mayKeep: (answer) => answer.failure === undefined,
    entriesMax: spec.verdictsMax === 'auto' ? AUTO_VERDICTS_MAX : spec.verdictsMax,
    isAuto,
    monotonicMs: clock.monotonicMs,
  })
  return { ...base, ask: cache }
}

function createEvaluate(
  decide: Prepared,
  timeoutMs: number,
  clock: Clock,
): (input: Value) => Answer {
  const deadline = createDeadline(clock)
  const options = { signal: deadline.signal }
  return (input) => {
    deadline.setMs(timeoutMs)
    try {
      return answerOf(decide(input, options))
    } catch (error) {
      return failed(messageOf(error))
    }
  }
}

/** A signal that counts as aborted from a given time on. Evaluation is synchronous, so no timer could fire. */
function createDeadline(clock: Clock): {
  readonly signal: AbortSignal
  setMs(timeoutMs: number): void
} {
  let untilMs = Number.POSITIVE_INFINITY
  const { signal } = new AbortController()
  Object.defineProperty(signal, 'aborted', { get: () => clock.monotonicMs() >= untilMs })
  return {
    signal,
    setMs(timeoutMs) {
      untilMs = clock.monotonicMs() + timeoutMs
    },
  }
}
