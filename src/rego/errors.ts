import { hintOf } from './error-hints.ts'

/** Where in a policy something is: rows and columns count from 1. */
export interface Location {
  readonly file: string
  readonly row: number
  readonly col: number
}

/** OPA's error codes, at compile time and during evaluation. */
export type RegoErrorCode =
  | 'rego_parse_error'
  | 'rego_compile_error'
  | 'rego_unsafe_var_error'
  | 'rego_type_error'
  | 'rego_recursion_error'
  | 'eval_conflict_error'
  | 'eval_builtin_error'
  | 'eval_type_error'
  | 'eval_cancel_error'
  | 'eval_internal_error'

/** One error, in OPA's wording. */
export interface RegoErrorItem {
  readonly code: RegoErrorCode
  readonly message: string
  readonly location?: Location
}

function lineOf(item: RegoErrorItem): string {
  const at = item.location
  const where = at === undefined ? '' : `${at.file}:${String(at.row)}: `
  return `${where}${item.code}: ${item.message}`
}

/** Everything that is wrong with a policy, or what stopped its evaluation. */
export class RegoError extends Error {
  readonly errors: readonly RegoErrorItem[]

  constructor(errors: readonly RegoErrorItem[]) {
    super(
      errors.length === 1
        ? `1 error occurred: ${lineOf(errors[0]!)}`
        : `${String(errors.length)} errors occurred:\n${errors.map(lineOf).join('\n')}`,
    )
    this.name = 'RegoError'
    this.errors = errors
  }

  /** The code of the first error. */
  get code(): RegoErrorCode {
    return this.errors[0]?.code ?? 'eval_internal_error'
  }

  /** Where the first error is. */
  get location(): Location | undefined {
    return this.errors[0]?.location
  }
}

/**
 * Renders errors for a terminal: each with its line of source, a caret under the column, and a hint at what was
 * probably meant.
 */
export function renderErrors(
  errors: readonly RegoErrorItem[],
  sources: Readonly<Record<string, string>>,
): string {
  return errors.map((item) => renderError(item, sources)).join('\n')
}

function renderError(item: RegoErrorItem, sources: Readonly<Record<string, string>>): string {
  const at = item.location
  if (at === undefined) return `${item.code}: ${item.message}\n`
  const head = `${at.file}:${String(at.row)}:${String(at.col)}: ${item.code}: ${item.message}\n`
  const source = Object.hasOwn(sources, at.file) ? sources[at.file] : undefined
  const line = source?.split('\n', at.row)[at.row - 1]
  if (line === undefined) return head
  const shown = line.replaceAll('\r', '')
  const pad = shown.slice(0, Math.max(0, at.col - 1)).replaceAll(/[^\t]/g, ' ')
  const hint = hintOf(item.message, shown.slice(Math.max(0, at.col - 1)))
  return `${head}\t${shown}\n\t${pad}^\n${hint === undefined ? '' : `\t= ${hint}\n`}`
}
