import { LabError } from '../core/index.ts'

/** What a command sees of the world around it. Results and hints go separate ways. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether results may be colored. */
  readonly color: boolean
  /** Whether hints and progress go to a person. */
  readonly isLive: boolean
  readonly hintColor: boolean
  readonly columns: number
  /** Writes a result to standard output. */
  out(text: string): Promise<void>
  /** Writes a hint, a warning or an error, a line, to standard error. */
  hint(text: string): void
  /** Writes to standard error as it is. */
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
 * Waits until the text is handed over, so that a pipe is never cut short at exit. Who reads may go away before: the
 * exit status tells the verdict all the same.
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
