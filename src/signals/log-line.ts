import type { LogFields, LogLevel } from './log-level.ts'
import { isSensitiveName, MASK, maskCredentials } from '../core/mask.ts'

/** Encodes log lines; its `fields` encodes the bound fields of a child logger, once. */
export interface LineEncoder {
  (timeMs: number, level: LogLevel, message: string, bound: string, fields?: LogFields): string
  fields(fields: LogFields): string
}

const TEXT_CHARS_MAX = 2048
const FIELDS_MAX = 64
const DEPTH_MAX = 4
const ITEMS_MAX = 32
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const RESERVED: ReadonlySet<string> = new Set(['time', 'level', 'msg'])
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

/** One JSON object on one line: `time` (RFC 3339), `level`, `msg`, then the fields. */
export function createLineEncoder(): LineEncoder {
  const nameOf = createNameCache()
  const formatTime = createTimeFormatter()

  const encodeFields = (fields: LogFields): string => {
    let text = ''
    let count = 0
    for (const name in fields) {
      const value = fields[name]
      if (value === undefined) continue
      count += 1
      if (count > FIELDS_MAX) break
      const { member, sensitive } = nameOf(name)
      text += member + (sensitive ? `"${MASK}"` : encodeValue(value))
    }
    return text
  }

  return Object.assign(
    (timeMs: number, level: LogLevel, message: string, bound: string, fields?: LogFields): string =>
      `{"time":"${formatTime(timeMs)}","level":"${level}","msg":${quoteText(message)}${bound}${
        fields === undefined ? '' : encodeFields(fields)
      }}\n`,
    { fields: encodeFields },
  )
}

/** Formats times as RFC 3339 in UTC with milliseconds; the text of the last millisecond is reused. */
export function createTimeFormatter(): (timeMs: number) => string {
  let lastMs = Number.NaN
  let text = ''
  return (timeMs) => {
    if (timeMs !== lastMs) {
      lastMs = timeMs
      text = new Date(timeMs).toISOString()
    }
    return text
  }
}

function encodeValue(value: unknown): string {
  if (typeof value === 'string') return quoteText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`
  if (typeof value === 'boolean' || value === null) return String(value)
  return quoteUnusual(plainValue(value, 0))
}

/**
 * Turns any value into a JSON value: errors become name, message and code, bytes their length, and objects lose
 * their secrets and everything more than four levels deep.
 */
export function plainValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return '[function]'
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return plainError(value, depth)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()
  if (depth >= DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) {
    return value.slice(0, ITEMS_MAX).map((item) => plainValue(item, depth + 1))
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, FIELDS_MAX)
      .map(([name, item]) => [name, isSensitiveName(name) ? MASK : plainValue(item, depth + 1)]),
  )
}

function plainError(error: Error, depth: number): unknown {
  const code = 'code' in error ? plainValue(error.code, DEPTH_MAX) : undefined
  const cause = error.cause === undefined ? undefined : plainValue(error.cause, depth + 1)
  return {
    name: error.name,
    message: cleanText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined || depth >= DEPTH_MAX ? {} : { cause }),
    stack: cleanText(error.stack ?? ''),
  }
}

/** The text, cut to a bounded length and with credentials masked. */
export function cleanText(text: string): string {
  const bounded = text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)}…` : text
  return maskCredentials(bounded)
}

function quoteText(text: string): string {
  const clean = cleanText(text)
  return PLAIN.test(clean) ? `"${clean}"` : quoteUnusual(clean)
}

/** JSON that also escapes DEL, C1 controls and the Unicode line separators. */
const quoteUnusual = (value: unknown): string => escapeControls(JSON.stringify(value))

/** Writes control characters and line separators as `\\u001b`. */
export function escapeControls(text: string): string {
  return text.replaceAll(
    CONTROL,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

interface FieldName {
  /** `,"name":` */
  readonly member: string
  readonly sensitive: boolean
}

const NAMES_MAX = 1024

function createNameCache(): (name: string) => FieldName {
  const known = new Map<string, FieldName>()
  return (name) => {
    const found = known.get(name)
    if (found !== undefined) return found
    const member = `,${quoteUnusual(RESERVED.has(name) ? `field.${name}` : name)}:`
    const entry = { member, sensitive: isSensitiveName(name) }
    if (known.size < NAMES_MAX) known.set(name, entry)
    return entry
  }
}
