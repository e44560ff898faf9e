/** A command's interface to its environment. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether results are shown to a person. */
  readonly isInteractive: boolean
  /** Whether questions can be asked. */
  readonly canAsk: boolean
  /** Whether results, and hints, may be colored. */
  readonly color: boolean
  readonly hintColor: boolean
  readonly columns: number
  /** Writes a result. */
  out(text: string): Promise<void>
  /** Writes a hint, a warning or an error. */
  hint(text: string): void
  /** Reads standard input to its end. */
  readInput(): Promise<string>
  /** Asks for one line. */
  ask(question: string): Promise<string>
}

const COLUMNS_DEFAULT = 100

/** The terminal of this process. NO_COLOR (any value) and TERM=dumb turn colors off. */
export function createTerminal(): Terminal {
  const { env, stdout, stderr, stdin } = process
  const plain = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return {
    environment: env,
    isInteractive: stdout.isTTY,
    canAsk: stdin.isTTY && stderr.isTTY,
    color: stdout.isTTY && !plain,
    hintColor: stderr.isTTY && !plain,
    columns: stdout.columns ?? COLUMNS_DEFAULT,
    out: async (text) => write(text),
    hint: (text) => {
      stderr.write(`${text}\n`)
    },
    readInput: async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of stdin) chunks.push(chunk as Uint8Array)
      return Buffer.concat(chunks).toString('utf8')
    },
    ask: async (question) => {
      const { createInterface } = await import('node:readline/promises')
      const lines = createInterface({ input: stdin, output: stderr })
      try {
        return await lines.question(question)
      } finally {
        lines.close()
      }
    },
  }
}

/** Waits until the text has been handed over, so that a pipe is never cut short at exit. */
async function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error === undefined || error === null) resolve()
      else reject(error)
    })
  })
}
