const TEXT_CHARACTERS_MAX = 60

/** A value in words, for "found …": its kind and, where that is short, the value itself. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') {
    const short = value.length > TEXT_CHARACTERS_MAX
    return `the text ${JSON.stringify(short ? `${value.slice(0, TEXT_CHARACTERS_MAX)}…` : value)}`
  }
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  map: 'a mapping',
  null: 'nothing',
  nan: 'a number',
}

/** A type of the schema, in words, for "expected …". */
export const describeType = (type: string): string => TYPES[type] ?? type

/** `a`, `a or b`, `a, b or c`. */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}
