/** What kind of mistake a configuration error is. */
export type ConfigErrorCode =
  | 'unreadable'
  | 'syntax'
  | 'duplicate_key'
  | 'unknown_key'
  | 'missing_key'
  | 'wrong_type'
  | 'wrong_value'
  | 'unknown_reference'
  | 'interpolation'

/** A step into a configuration value: a key of a mapping or a position in a list. */
export type ConfigPath = readonly (string | number)[]

/** A place in a text: 1-based line and column, and how many characters it covers on that line. */
export interface Span {
  readonly line: number
  readonly column: number
  readonly length: number
}

/**
 * One mistake in a configuration. `line` and `column` are 1-based; they are absent where there is no text to
 * point at (a TypeScript module, an unreadable file).
 */
export interface ConfigError {
  readonly code: ConfigErrorCode
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** How many characters of the line the mistake covers. */
  readonly length?: number
  /** Where in the configuration, such as `routes[2].upstream`; empty for the whole. */
  readonly path: string
  readonly message: string
  readonly expected?: string
  readonly found?: string
  /** The spelling that was probably meant. */
  readonly suggestion?: string
  /** The line of the file, with secrets masked. */
  readonly sourceLine?: string
}

/** A path in the notation people use: `routes[2].match.path`. */
export function formatConfigPath(path: ConfigPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}
