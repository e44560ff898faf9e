import { nearest } from './nearest.ts'
import { describeValue, listWords } from './describe-value.ts'

/** The part of zod's refinement context that {@link reference} needs. */
export interface IssueContext {
  addIssue(issue: {
    code: 'custom'
    message: string
    path: (string | number)[]
    input: unknown
    params: Record<string, unknown>
  }): void
}

const NAMES_SHOWN_MAX = 12

/**
 * Checks that `value` is one of the defined `names` and otherwise adds an issue at `path`:
 * `unknown upstream "x"; did you mean "y"`. For `superRefine` of a composed schema.
 *
 * @param kind what is referred to, in the singular: `upstream`, `limit`, `role`.
 * @returns whether the reference holds.
 */
export function reference(
  context: IssueContext,
  kind: string,
  names: Iterable<string>,
  value: string,
  path: readonly (string | number)[],
): boolean {
  const known = [...names]
  if (known.includes(value)) return true
  const suggestion = nearest(value, known)
  const shown = [...known].sort().slice(0, NAMES_SHOWN_MAX)
  const expected = known.length === 0 ? `a defined ${kind} (there is none)` : listWords(shown)
  const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
  context.addIssue({
    code: 'custom',
    message: `unknown ${kind} ${JSON.stringify(value)}${hint}`,
    path: [...path],
    input: value,
    params: {
      reference: true,
      expected,
      found: describeValue(value),
      ...(suggestion !== undefined && { suggestion }),
    },
  })
  return false
}
