import type { Value } from '../../rego/index.ts'

/** The answer of a compiled policy. `failure` tells operators why it could not decide. */
export interface Answer {
  readonly allowed: boolean
  readonly reason: string | undefined
  readonly failure: string | undefined
  /** The value of the rule. */
  readonly value: Value | undefined
}

const ALLOWED: Answer = { allowed: true, reason: undefined, failure: undefined, value: true }
const REFUSED: Answer = { allowed: false, reason: undefined, failure: undefined, value: false }

/** The answer of a policy that could not decide. */
export const failed = (failure: string, value?: Value): Answer => ({
  allowed: false,
  reason: undefined,
  failure,
  value,
})

const REASON_CHARACTERS_MAX = 500

/** `true` and `{"allow": true}` allow. Everything else refuses, and a value that is not a verdict is a failure. */
export function answerOf(value: Value | undefined): Answer {
  if (value === true) return ALLOWED
  if (value === false) return REFUSED
  if (value === undefined) return failed('undefined')
  if (typeof value === 'object' && value !== null && 'allow' in value) {
    const { allow, reason } = value as { readonly allow?: unknown; readonly reason?: unknown }
    if (typeof allow === 'boolean') {
      const told = typeof reason === 'string' ? reason.slice(0, REASON_CHARACTERS_MAX) : undefined
      return { allowed: allow, reason: told, failure: undefined, value }
    }
  }
  return failed('the value is not true, false or an object with `allow`', value)
}
