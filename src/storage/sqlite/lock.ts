import { Database } from 'bun:sqlite'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DataLockedError } from '../data-locked.ts'

/**
 * Holds `path` for this process: `<path>.lock` carries a lock of the operating system, which ends with the process
 * however that ends, so a lock is never stale; `<path>.pid` only says who holds it. Returns a function that releases
 * the lock. Keep a reference to it as long as the lock is needed: the lock ends when the function is garbage collected.
 * Throws {@link DataLockedError} if another process holds the lock.
 */
export function holdLock(path: string): () => void {
  // SQLite would make the file readable to everyone.
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
