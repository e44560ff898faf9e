/** A bare item of a structured field (RFC 9651 §3.3), with the types that cache directives distinguish. */
export type BareItem =
  | { readonly type: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly type: 'string' | 'token' | 'bytes' | 'display'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }

/** A member's value: one item, or a list of them in parentheses. Parameters are checked and dropped. */
export type MemberValue = BareItem | { readonly type: 'list'; readonly items: readonly BareItem[] }

/**
 * Parses a dictionary (RFC 9651 §4.2.2). `undefined` when any part of it is malformed, because the whole field must
 * then be ignored. Linear in the length; never throws.
 */
export function parseDictionary(text: string): ReadonlyMap<string, MemberValue> | undefined {
  const cursor = { text: text.replace(/^ +| +$/g, ''), at: 0 }
  const members = new Map<string, MemberValue>()
  while (cursor.at < cursor.text.length) {
    const key = parseKey(cursor)
    if (key === undefined) return undefined
    const value = take(cursor, '=') ? parseMember(cursor) : TRUE
    if (value === undefined || !skipParameters(cursor)) return undefined
    members.delete(key)
    members.set(key, value)
    skip(cursor, OWS)
    if (cursor.at >= cursor.text.length) return members
    if (!take(cursor, ',')) return undefined
    skip(cursor, OWS)
    if (cursor.at >= cursor.text.length) return undefined
  }
  return members
}

interface Cursor {
  readonly text: string
  at: number
}

const TRUE: BareItem = { type: 'boolean', value: true }
const OWS = /[ \t]*/y
const SP = / */y
const KEY = /[a-z*][a-z0-9_\-.*]*/y
const NUMBER = /-?\d+(?:\.\d+)?/y
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const BYTES = /:([A-Za-z0-9+/=]*):/y
const DISPLAY = /%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y
const BOOLEAN = /\?[01]/y

function match(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)
  if (found === null) return undefined
  cursor.at = pattern.lastIndex
  return found
}

const skip = (cursor: Cursor, pattern: RegExp): void => void match(cursor, pattern)

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false
  cursor.at += 1
  return true
}

const parseKey = (cursor: Cursor): string | undefined => match(cursor, KEY)?.[0]

function parseMember(cursor: Cursor): MemberValue | undefined {
  return take(cursor, '(') ? parseInnerList(cursor) : parseItem(cursor)
}

function parseInnerList(cursor: Cursor): MemberValue | undefined {
  const items: BareItem[] = []
  for (;;) {
    skip(cursor, SP)
    if (take(cursor, ')')) return { type: 'list', items }
    const item = parseItem(cursor)
    if (item === undefined || !skipParameters(cursor)) return undefined
    items.push(item)
    const next = cursor.text[cursor.at]
    if (next !== ' ' && next !== ')') return undefined
  }
}

function skipParameters(cursor: Cursor): boolean {
  while (take(cursor, ';')) {
    skip(cursor, SP)
    if (parseKey(cursor) === undefined) return false
    if (take(cursor, '=') && parseItem(cursor) === undefined) return false
  }
  return true
}

function parseItem(cursor: Cursor): BareItem | undefined {
  const number = match(cursor, NUMBER)?.[0]
  if (number !== undefined) return numberOf(number)
  const string = match(cursor, STRING)?.[1]
  if (string !== undefined) return { type: 'string', value: string.replaceAll(/\\(.)/g, '$1') }
  const token = match(cursor, TOKEN)?.[0]
  if (token !== undefined) return { type: 'token', value: token }
  const boolean = match(cursor, BOOLEAN)?.[0]
  if (boolean !== undefined) return { type: 'boolean', value: boolean === '?1' }
  const bytes = match(cursor, BYTES)?.[1]
  if (bytes !== undefined) return { type: 'bytes', value: bytes }
  const display = match(cursor, DISPLAY)?.[1]
  if (display !== undefined) return { type: 'display', value: display }
  if (!take(cursor, '@')) return undefined
  const date = match(cursor, NUMBER)?.[0]
  const at = date === undefined ? undefined : numberOf(date)
  return at?.type === 'integer' ? { type: 'date', value: at.value } : undefined
}

function numberOf(text: string): BareItem | undefined {
  const [whole = '', fraction] = text.replace('-', '').split('.')
  if (fraction === undefined) {
    return whole.length > 15 ? undefined : { type: 'integer', value: Number(text) }
  }
  const isSound = whole.length <= 12 && fraction.length <= 3
  return isSound ? { type: 'decimal', value: Number(text) } : undefined
}
