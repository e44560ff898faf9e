/** A hint for somebody who probably came from another language or from an older Rego. */
interface Hint {
  /** Matches the error's message. */
  readonly message: RegExp
  /** Matches the line from the position of the error on; default: any. */
  readonly source?: RegExp
  readonly hint: string
}

/** Tried in this order: the more specific hints come first. */
const HINTS: readonly Hint[] = [
  { message: /^illegal token$/, source: /^'/, hint: 'texts stand in double quotes' },
  { message: /^illegal token$/, source: /^!/, hint: 'write `not` before what must not hold' },
  {
    message: /^unexpected and token/,
    source: /^&/,
    hint: 'write each condition on a line of its own, or `;` between them',
  },
  {
    message: /^unexpected or token/,
    source: /^\|/,
    hint: 'write one more rule of the same name for each alternative',
  },
  {
    message: /^unexpected identifier token/,
    source: /^\w+ in\b/,
    hint: 'write `some x in xs` to look for one, `every x in xs { … }` to ask for all',
  },
  {
    message: /^`if` keyword is required/,
    source: /^\w+\[/,
    hint: 'write `name contains value if { … }` for a set, or read an older policy with --v0 (regoVersion 0)',
  },
  {
    message: /^`if` keyword is required/,
    hint: 'write `if` before the body, or read an older policy with --v0 (regoVersion 0)',
  },
  { message: /^var True is unsafe$/, hint: 'write `true`' },
  { message: /^var False is unsafe$/, hint: 'write `false`' },
  { message: /^var (?:None|nil|NULL|Null|undefined) is unsafe$/, hint: 'write `null`' },
  {
    message: /^var \w+ is unsafe$/,
    hint: 'nothing gives it a value: no rule or import has this name, and no `:=` or `some` binds it',
  },
  { message: /^package expected$/, hint: 'begin with `package` and a name, such as app.authz' },
  {
    message: /^unexpected eof token/,
    hint: 'an operand is missing at the end, or a bracket is not closed',
  },
]

/**
 * What was probably meant at the place of an error; `undefined` if no guess is likely.
 *
 * @param source the line from the position of the error on
 */
export const hintOf = (message: string, source: string): string | undefined =>
  HINTS.find((each) => each.message.test(message) && (each.source?.test(source) ?? true))?.hint
