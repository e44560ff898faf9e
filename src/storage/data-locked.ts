/** The data is in use by another process; `pid` is its process id, if it could be read. */
export class DataLockedError extends Error {
  override readonly name = 'DataLockedError'
  readonly pid: number | undefined

  constructor(path: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another process' : `process ${pid}`
    super(`${path} is in use by ${holder}: only one process may write it`)
    this.pid = pid
  }
}
