import { Database } from 'bun:sqlite'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DataLockedError } from '../data-locked.ts'

/**
 * Holds `path` for this process: `<path>.lock` carries a lock of the operating system, which ends with
 * the process however it ends, so a lock is never stale; `<path>.pid` only tells who holds it.
 * Returns what lets go, to be kept as long as the lock is needed: it ends when that is garbage
 * collected. Throws {@link DataLockedError} when another holds it.
 */
export function holdLock(path: string): () => void {
  // SQLite would make it readable to all.
  closeSync(openSync(`${path}.lock`, 'a', 0o600))
  const lock = new Database(`${path}.lock`)
  try {
    lock.run('PRAGMA busy_timeout = 0')
    lock.run('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (isBusy(error)) throw new DataLockedError(path, readPid(path))
    throw error
  }
  writeFileSync(`${path}.pid`, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(`${path}.pid`, { force: true })
    lock.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY'
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(`${path}.pid`, 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
