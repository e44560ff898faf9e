/** The data cannot be written, so nothing of a change was kept; reading may go on. */
export class DataUnwritableError extends Error {
  override readonly name = 'DataUnwritableError'

  constructor(reason: string, cause?: unknown) {
    super(`the data cannot be written: ${reason}`, { cause })
  }
}
