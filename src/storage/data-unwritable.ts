/** The data cannot be written, so no part of a change was kept; reading may continue. */
export class DataUnwritableError extends Error {
  override readonly name = 'DataUnwritableError'

  constructor(reason: string, cause?: unknown) {
    super(`the data cannot be written: ${reason}`, { cause })
  }
}
