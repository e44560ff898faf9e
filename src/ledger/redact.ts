import type { Details } from './record.ts'
import { isSensitiveName, MASK, maskCredentials } from '../core/mask.ts'
import { quote } from './text.ts'

const DETAIL_CHARS_MAX = 256
const STATE_CHARS_MAX = 4096
const ITEMS_MAX = 256
const DEPTH_MAX = 8

/** Writes details as JSON: only those whose names are listed, and never one whose name is that of a secret. */
export type DetailWriter = (details: Details) => string

/** Creates a {@link DetailWriter} for the names of the allow-list. */
export function createDetailWriter(allowed: readonly string[]): DetailWriter {
  const members = allowed
    .filter((name) => !isSensitiveName(name))
    .map((name) => ({ name, member: `${quote(name)}:` }))
  return (details) => {
    const parts: string[] = []
    for (const { name, member } of members) {
      const value = Object.hasOwn(details, name) ? details[name] : undefined
      if (value === undefined) continue
      const json =
        typeof value === 'string'
          ? quote(maskCredentials(value), DETAIL_CHARS_MAX)
          : JSON.stringify(value)
      parts.push(member + json)
    }
    return parts.length === 0 ? '' : `{${parts.join(',')}}`
  }
}

/**
 * A copy of an admin record's `before` or `after` that is safe to keep: values under names of secrets and texts that
 * look like credentials are masked, and depth, length and number are bounded.
 */
export function redactState(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskCredentials(value.slice(0, STATE_CHARS_MAX))
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (depth >= DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) {
    return value.slice(0, ITEMS_MAX).map((item) => redactState(item, depth + 1))
  }
  const entries = Object.entries(value).slice(0, ITEMS_MAX)
  return Object.fromEntries(
    entries.map(([name, item]) => [
      name,
      isSensitiveName(name) ? MASK : redactState(item, depth + 1),
    ]),
  )
}
