import type { Clock } from '../../core/clock.ts'
import type { Value } from '../../rego/index.ts'
import { compile, RegoError } from '../../rego/index.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import { loadSources } from '../bundle/load.ts'
import { createInputBuilder, readsAny } from './facts.ts'
import type { RequestFacts } from './facts.ts'
import { RBAC_FILE, RBAC_MODULE } from './rbac-module.ts'
import { createKey, createVerdictCache } from './verdict-cache.ts'

/** What a compiled policy answers. `failure` tells operators why it could not decide. */
export interface Answer {
  readonly allowed: boolean
  readonly reason: string | undefined
  readonly failure: string | undefined
}

/** A compiled policy with its cache of verdicts. */
export interface Engine {
  readonly revision: string
  readonly readsBody: boolean
  /** What failed is not allowed. */
  ask(facts: RequestFacts): Answer
}

/** What an engine is made of. */
export interface EngineSpec {
  readonly paths: readonly string[] | undefined
  readonly bundle: string | undefined
  readonly entry: string
  readonly headers: readonly string[]
  readonly steps: number
  readonly timeoutMs: number
  readonly verdictsMax: number
}

/** A mistake of a policy, below its place in the configuration. */
export interface EngineProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** A compiled policy, or what is wrong with it. */
export type EngineOutcome =
  | { readonly ok: true; readonly engine: Engine }
  | { readonly ok: false; readonly problems: readonly EngineProblem[] }

/** Reads and compiles a policy; what is wrong with it is told with file, line and column. */
export function createEngine(spec: EngineSpec, clock: Clock): EngineOutcome {
  const at = spec.bundle === undefined ? 'paths' : 'bundle'
  const refused = (path: string, ...messages: readonly string[]): EngineOutcome => ({
    ok: false,
    problems: messages.map((message) => ({ path: [path], message })),
  })
  try {
    const sources = loadSources({
      paths: spec.paths ?? [],
      bundles: spec.bundle === undefined ? [] : [spec.bundle],
    })
    const modules = Object.entries(sources.modules).filter(([file]) => !isTest(file))
    const own = modules.find(([, text]) => /^[ \t]*package[ \t]+tollgate\b/m.test(text))
    if (own !== undefined || Object.hasOwn(sources.data, 'tollgate')) {
      return refused(at, `${own?.[0] ?? 'data'}: data.tollgate is the gate's own`)
    }
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
      return refused(at, ...outside.map((builtin) => `${builtin} reaches out: not in the gate`))
    }
    return { ok: true, engine: assemble(spec, sources.revision, policy, clock) }
  } catch (error) {
    if (error instanceof BundleError) return refused(at, error.message)
    if (error instanceof RegoError) return refused(at, ...error.errors.map(problemText))
    throw error
  }
}

/** Built-ins that wait for others, which a decision never does. */
const REACHING_OUT = new Set(['http.send', 'net.lookup_ip_addr'])

const isTest = (file: string): boolean => file.endsWith('_test.rego')

function problemText({ code, message, location }: RegoError['errors'][number]): string {
  if (location === undefined || location.file === '') return `${code}: ${message}`
  return `${location.file}:${location.row}:${location.col}: ${code}: ${message}`
}

function assemble(
  spec: EngineSpec,
  revision: string,
  policy: ReturnType<typeof compile>,
  clock: Clock,
): Engine {
  const { input: reads, nondeterministic } = policy.dependencies(spec.entry)
  const decide = policy.prepare(spec.entry)
  const inputOf = createInputBuilder(reads, spec.headers)
  const deadline = createDeadline(clock)
  const evaluate = (input: Value): Answer => {
    deadline.setMs(spec.timeoutMs)
    try {
      return answerOf(decide(input, { signal: deadline.signal }))
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error))
    }
  }
  const base = { revision, readsBody: readsAny(reads, '/request/body') }
  // A verdict is a function of what is read, unless a built-in answers differently each time.
  if (spec.verdictsMax === 0 || nondeterministic.length > 0) {
    return { ...base, ask: (facts) => evaluate(inputOf(facts)) }
  }
  const keyOf = createKey(revision, reads)
  const verdicts = createVerdictCache<Answer>(spec.verdictsMax)
  return {
    ...base,
    ask(facts) {
      const input = inputOf(facts)
      const key = keyOf(input)
      const known = verdicts.get(key)
      if (known !== undefined) return known
      const answer = evaluate(input)
      if (answer.failure === undefined) verdicts.set(key, answer)
      return answer
    },
  }
}

const ALLOWED: Answer = { allowed: true, reason: undefined, failure: undefined }
const REFUSED: Answer = { allowed: false, reason: undefined, failure: undefined }

const failed = (failure: string): Answer => ({ allowed: false, reason: undefined, failure })

const REASON_CHARACTERS_MAX = 500

/** `true` and `{"allow": true}` allow. Everything else refuses; what is no verdict is a failure. */
function answerOf(value: Value | undefined): Answer {
  if (value === true) return ALLOWED
  if (value === false) return REFUSED
  if (value === undefined) return failed('undefined')
  if (typeof value === 'object' && value !== null && 'allow' in value) {
    const { allow, reason } = value as { readonly allow?: unknown; readonly reason?: unknown }
    if (typeof allow === 'boolean') {
      const told = typeof reason === 'string' ? reason.slice(0, REASON_CHARACTERS_MAX) : undefined
      return { allowed: allow, reason: told, failure: undefined }
    }
  }
  return failed('neither true nor false, nor an object with `allow`')
}

/** A signal that is aborted from a time on: evaluation does not wait, so no timer could fire. */
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
