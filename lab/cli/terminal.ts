import { LabError } from '../core/index.ts'

/** Where a command writes: results to standard output, hints to standard error. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether results may be colored. */
  readonly color: boolean
  /** Whether standard error is a terminal, so that progress can be redrawn. */
  readonly isLive: boolean
  readonly hintColor: boolean
  readonly columns: number
  /** Writes a result to standard output. */
  out(text: string): Promise<void>
  /** Writes a line to standard error: a hint, a warning or an error. */
  hint(text: string): void
  /** Writes text to standard error unchanged. */
  draw(text: string): void
}

const COLUMNS_DEFAULT = 100

/** The terminal of this process. NO_COLOR (any value) and TERM=dumb turn colors off. */
export function createTerminal(): Terminal {
  const { env, stdout, stderr } = process
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return {
    environment: env,
    color: stdout.isTTY && !plain,
    isLive: stderr.isTTY && env['TERM'] !== 'dumb',
    hintColor: stderr.isTTY && !plain,
    columns: stderr.columns ?? COLUMNS_DEFAULT,
    out: async (text) => write(text),
    hint: (text) => void stderr.write(`${text}\n`),
    draw: (text) => void stderr.write(text),
  }
}

/**
 * Waits until the text is handed over, so that a pipe is never cut short at exit. If the reader goes away first, that
 * is no error: the exit status still tells the verdict.
 */
async function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === undefined || error === null || ('code' in error && error.code === 'EPIPE')) {
        resolve()
      } else reject(new LabError(`cannot write the result: ${error.message}`))
    })
  })
}
