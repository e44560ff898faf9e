import { EXIT_CODE, LabError } from '../core/index.ts'

/** What the command's exit status means. Scripts may rely on it. */
export const EXIT = {
  ok: EXIT_CODE.pass,
  error: 1,
  usage: 2,
  failed: EXIT_CODE.fail,
  inconclusive: EXIT_CODE.inconclusive,
  interrupted: 130,
} as const

/** A documented exit status. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A wrong command line: exit status 2. `hint` says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** Wraps a reader of a command-line argument: whatever `read` refuses becomes a usage error. */
export function readWord<Value>(read: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return read(text)
    } catch (error) {
      throw error instanceof LabError ? new UsageError(error.message) : error
    }
  }
}
