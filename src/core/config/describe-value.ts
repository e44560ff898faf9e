const TEXT_CHARACTERS_MAX = 60

/** How values are spoken of: to who writes a configuration, or to who sends JSON. */
export interface Words {
  /** What members of a mapping are called. */
  readonly member: string
  /** A type of the schema, for "expected …". */
  readonly type: (name: string) => string
  /** A value, for "found …". */
  readonly value: (value: unknown) => string
}

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

/** Words for configuration files. */
export const CONFIG_WORDS: Words = {
  member: 'key',
  type: (name) => TYPES[name] ?? name,
  value: describeValue,
}

const JSON_TYPES: Readonly<Record<string, string>> = {
  ...TYPES,
  object: 'an object',
  record: 'an object',
  map: 'an object',
  null: 'null',
}

/** Words for JSON and queries. Text is not repeated: it may be a secret. */
export const jsonWords = (member: 'field' | 'parameter'): Words => ({
  member,
  type: (name) => JSON_TYPES[name] ?? name,
  value(value) {
    if (value === null) return 'null'
    if (typeof value === 'string') return `text of ${counted(value.length, 'character')}`
    if (Array.isArray(value)) return `a list of ${counted(value.length, 'item')}`
    return typeof value === 'object' ? 'an object' : describeValue(value)
  },
})

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** `a`, `a or b`, `a, b or c`. */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}
