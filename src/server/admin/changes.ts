import type { Outcome } from '../../core/refusal.ts'
import { succeed } from '../../core/refusal.ts'
import type { Answer } from './operation.ts'

interface Before<V> {
  readonly before: V | undefined
  readonly after: V | undefined
}

const idOf = (value: object | undefined): string | undefined =>
  value !== undefined && 'id' in value && typeof value.id === 'string' ? value.id : undefined

const versionOf = (value: object | undefined): number | undefined =>
  value !== undefined && 'version' in value && typeof value.version === 'number'
    ? value.version
    : undefined

/** Answers a change with its result, and records the state before and after in the audit log. */
export function answerChange<V extends object>(
  outcome: Outcome<Before<V>>,
  location?: (after: V) => string,
): Outcome<Answer> {
  if (!outcome.ok) return outcome
  const { before, after } = outcome.value
  const id = idOf(after) ?? idOf(before)
  const version = versionOf(after)
  return succeed({
    ...(after !== undefined && { body: after }),
    ...(version !== undefined && { version }),
    ...(after !== undefined && location !== undefined && { location: location(after) }),
    change: { before, after, ...(id !== undefined && { target: id }) },
  })
}

/** Answers a removal without content, and records in the audit log what was removed. */
export function answerRemoval<V extends object>(outcome: Outcome<Before<V>>): Outcome<Answer> {
  if (!outcome.ok) return outcome
  const { before, after } = outcome.value
  return succeed({ change: { before, after } })
}

/** Answers a read of one resource. */
export function answerOne<V extends object>(outcome: Outcome<V>): Outcome<Answer> {
  if (!outcome.ok) return outcome
  const version = versionOf(outcome.value)
  return succeed({ body: outcome.value, ...(version !== undefined && { version }) })
}

/** `{ ifVersion }` if there is one, else `{}`. */
export const versionCheck = (ifVersion: number | undefined): { readonly ifVersion?: number } =>
  ifVersion === undefined ? {} : { ifVersion }
