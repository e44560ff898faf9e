import type { ConfigError } from './config-error.ts'

/** How errors are rendered. */
export interface RenderOptions {
  /** Use ANSI colors. */
  readonly color: boolean
}

type Paint = (text: string) => string

const PLAIN: Paint = (text) => text
const ansi =
  (code: number): Paint =>
  (text) =>
    `\u001B[${code}m${text}\u001B[0m`

/**
 * Renders errors for people: place and message, the line with carets under the mistake, and what was probably
 * meant. Ends with a line feed; empty when there are no errors.
 */
export function renderConfigErrors(
  errors: readonly ConfigError[],
  options: RenderOptions,
  word = 'error',
): string {
  const color = options.color
    ? { bold: ansi(1), red: ansi(31), blue: ansi(34), green: ansi(32) }
    : { bold: PLAIN, red: PLAIN, blue: PLAIN, green: PLAIN }
  return errors
    .map((error) => {
      const place = [error.file, error.line, error.column].filter((part) => part !== undefined)
      const where = error.path === '' ? '' : ` (${safeText(error.path)})`
      const head = `${color.bold(safeText(place.join(':')))}: ${color.red(word)}: ${safeText(error.message)}${where}`
      const hints = hintLines(error).map((hint) => `  ${color.green('=')} ${safeText(hint)}`)
      const lines = [head, ...sourceLines(error, color.blue, color.red), ...hints]
      return `${lines.join('\n')}\n`
    })
    .join('\n')
}

function sourceLines(error: ConfigError, gutterPaint: Paint, caretPaint: Paint): string[] {
  if (error.sourceLine === undefined || error.line === undefined) return []
  const number = String(error.line)
  const gutter = ' '.repeat(number.length)
  const column = error.column ?? 1
  const indent = error.sourceLine.slice(0, column - 1).replaceAll(/[^\t]/g, ' ')
  const room = Math.max(1, error.sourceLine.length - column + 1)
  const caret = '^'.repeat(Math.max(1, Math.min(error.length ?? 1, room)))
  return [
    ` ${gutter} ${gutterPaint('|')}`,
    ` ${gutterPaint(number)} ${gutterPaint('|')} ${safeText(error.sourceLine)}`,
    ` ${gutter} ${gutterPaint('|')} ${indent}${caretPaint(caret)}`,
  ]
}

function hintLines(error: ConfigError): string[] {
  const hints: string[] = []
  if (error.suggestion !== undefined && !error.message.includes('did you mean')) {
    hints.push(`did you mean "${error.suggestion}"?`)
  }
  const said = error.expected === error.suggestion || error.message.includes(error.expected ?? '')
  if (error.expected !== undefined && !said) {
    hints.push(`expected ${error.expected}`)
  }
  return hints
}

/** Escapes control characters, so that the content of a file cannot control the terminal. */
const safeText = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return String.raw`\u${code}`
  })
