import type { Policy, Value } from '../../rego/index.ts'
import { RegoError } from '../../rego/index.ts'
import type { Evaluation, Semantics } from './messages.ts'
import { BadRequest, evaluation, evaluations, parseMessage } from './messages.ts'

/** A decision, as the response states it. */
export interface Decision {
  readonly decision: boolean
  readonly context?: unknown
}

/** Evaluates a rule; everything but `true` and `{"decision": true}` is a refusal, including errors. */
export function decide(policy: Policy, rule: string, question: Evaluation): Decision {
  const value = evaluateClosed(policy, rule, question as unknown as Value)
  if (typeof value === 'boolean') return { decision: value }
  if (typeof value === 'object' && value !== null && 'decision' in value) {
    const { decision, context } = value as {
      readonly decision?: unknown
      readonly context?: unknown
    }
    return { decision: decision === true, ...(context !== undefined && { context }) }
  }
  return { decision: false }
}

/** The value of a rule; also `undefined` if evaluation fails. */
export function evaluateClosed(policy: Policy, rule: string, input: Value): Value | undefined {
  try {
    return policy.evaluate(rule, input)
  } catch (error) {
    if (error instanceof RegoError) return undefined
    throw error
  }
}

/** The decision that ends a list of evaluations early. */
const LAST: Readonly<Record<Semantics, boolean | undefined>> = {
  execute_all: undefined,
  deny_on_first_deny: false,
  permit_on_first_permit: true,
}

/** Answers `/access/v1/evaluations`; without `evaluations`, the request is a single evaluation. */
export function decideAll(
  policy: Policy,
  rule: string,
  body: unknown,
): Decision | { readonly evaluations: readonly Decision[] } {
  const { evaluations: items = [], options, ...defaults } = parseMessage(evaluations, body)
  if (items.length === 0) return decide(policy, rule, parseMessage(evaluation, defaults))
  const last = LAST[options?.evaluations_semantic ?? 'execute_all']
  const answers: Decision[] = []
  for (const item of items) {
    const answer = decideItem(policy, rule, completed(defaults, item))
    answers.push(answer)
    if (answer.decision === last) break
  }
  return { evaluations: answers }
}

type Parts = Readonly<Record<string, unknown>>

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  subject: ['type', 'id'],
  action: ['name'],
  resource: ['type', 'id'],
}

/**
 * Completes an evaluation with the defaults of the top level. Its own entity replaces the default one, including
 * properties; only missing identifiers are taken from the default.
 */
function completed(defaults: Parts, item: Parts): Parts {
  const whole: Record<string, unknown> = { ...defaults, ...item }
  for (const [entity, names] of Object.entries(REQUIRED)) {
    const [own, base] = [item[entity], defaults[entity]]
    if (!isObject(own) || !isObject(base)) continue
    const missing = names.filter((name) => own[name] === undefined && base[name] !== undefined)
    whole[entity] = { ...own, ...Object.fromEntries(missing.map((name) => [name, base[name]])) }
  }
  return whole
}

const isObject = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Decides one evaluation; a malformed one is refused, and the others are still answered. */
function decideItem(policy: Policy, rule: string, item: unknown): Decision {
  try {
    return decide(policy, rule, parseMessage(evaluation, item))
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return { decision: false, context: { error: { status: 400, message: error.message } } }
  }
}
