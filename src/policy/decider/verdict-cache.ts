import { createHash } from 'node:crypto'
import type { Value } from '../../rego/index.ts'

/** Longer keys are replaced by their digest, so that strangers cannot fill the memory. */
const KEY_CHARACTERS_MAX = 256

/** Remembers at most a number of things; the one that was made first goes first. */
export interface VerdictCache<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

/** Creates a {@link VerdictCache}. */
export function createVerdictCache<T>(entriesMax: number): VerdictCache<T> {
  const entries = new Map<string, T>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (entries.size >= entriesMax) {
        const oldest = entries.keys().next()
        if (oldest.done !== true) entries.delete(oldest.value)
      }
      entries.set(key, value)
    },
  }
}

/**
 * Makes a function from an input to a key of those parts of it that a policy reads. Inputs with one
 * key cannot be told apart by the policy: absent, `null` and `"null"` differ, and so do `1` and `"1"`.
 *
 * @param revision of the policy: another one never shares a key
 */
export function createKey(revision: string, reads: readonly string[]): (input: Value) => string {
  const paths = reads.map((pointer) =>
    pointer
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
  )
  const prefix = `${JSON.stringify(revision)}\n`
  return (input) => {
    let key = prefix
    // JSON holds no line feed, so that one cannot be mistaken for two.
    for (const path of paths) key += `${textAt(input, path)}\n`
    return key.length <= KEY_CHARACTERS_MAX
      ? key
      : createHash('sha256').update(key).digest('base64')
  }
}

function textAt(input: Value, path: readonly string[]): string {
  let value: unknown = input
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return ''
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return value === undefined ? '' : JSON.stringify(value)
}
