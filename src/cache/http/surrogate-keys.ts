import type { FieldReader } from './fields.ts'

/** Response fields that name what a response is about, so that it can be purged by that name. */
const SURROGATE_KEY_FIELDS: readonly string[] = ['surrogate-key', 'cache-tag', 'xkey']

/** A response with more keys than this is not stored. */
const SURROGATE_KEYS_MAX = 128
/** The longest key, in characters. */
const SURROGATE_KEY_CHARACTERS_MAX = 256

/**
 * The keys in the fields, each once: separated by spaces or commas. `undefined` when there are too many,
 * or one is too long: a response that could not be purged by all its keys must not be stored.
 */
export function surrogateKeys(
  fields: FieldReader,
  names: readonly string[] = SURROGATE_KEY_FIELDS,
): readonly string[] | undefined {
  let keys: Set<string> | undefined
  for (const name of names) {
    const value = fields.get(name)
    if (value === null) continue
    keys ??= new Set()
    for (const key of value.split(/[\s,]+/)) {
      if (key === '') continue
      if (key.length > SURROGATE_KEY_CHARACTERS_MAX) return undefined
      keys.add(key)
      if (keys.size > SURROGATE_KEYS_MAX) return undefined
    }
  }
  return keys === undefined ? [] : [...keys]
}
