/** The exit statuses of commands. Scripts may rely on them. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  checkFailed: 6,
} as const

/** A documented exit status. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command with a message and an exit status; `hint` says what to do. */
export class CliError extends Error {
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  /** The problem details from the admin API, for `--json`. */
  readonly problem: unknown

  constructor(
    exitCode: ExitCode,
    message: string,
    more: { readonly hint?: string; readonly problem?: unknown } = {},
  ) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
    this.hint = more.hint
    this.problem = more.problem
  }
}
