import type { PasswordHasher } from './password-hasher.ts'

/**
 * A {@link PasswordHasher} that works on only a few passwords at a time, and lets only a few wait. It returns
 * `undefined` if too many wait.
 */
export interface BoundedHasher {
  hash(password: string): Promise<string | undefined>
  /**
   * Checks against the hash. Without one, it does the same work and fails, so that nobody can tell whether an account
   * exists.
   */
  verify(password: string, encoded: string | null): Promise<boolean | undefined>
  needsRehash(encoded: string): boolean
}

/** Bounds a hasher's memory and processor time, which strangers could otherwise consume at will. */
export function createBoundedHasher(
  hasher: PasswordHasher,
  concurrencyMax: number,
  waitingMax: number,
): BoundedHasher {
  const waiting: (() => void)[] = []
  let running = 0
  let nobody: Promise<string> | undefined

  const bounded = async <T>(task: () => Promise<T>): Promise<T | undefined> => {
    if (running >= concurrencyMax) {
      if (waiting.length >= waitingMax) return undefined
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  const decoyHash = async (): Promise<string> => {
    nobody ??= hasher.hash('nobody has this password')
    try {
      return await nobody
    } catch (error) {
      nobody = undefined
      throw error
    }
  }

  return {
    hash: (password) => bounded(() => hasher.hash(password)),
    async verify(password, encoded) {
      if (encoded !== null) return bounded(() => hasher.verify(password, encoded))
      const decoy = await decoyHash()
      const worked = await bounded(() => hasher.verify(password, decoy))
      return worked === undefined ? undefined : false
    },
    needsRehash: (encoded) => hasher.needsRehash(encoded),
  }
}
