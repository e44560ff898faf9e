import { fromUtf8, utf8 } from '../../core/bytes.ts'
import { NAME_KINDS } from '../check-name.ts'
import type { EntryMeta, StoredEntry } from '../contract.ts'
import { crc32c } from './crc32c.ts'

/** An entry as levels outside the process store it: with its whole key, and the position at which it was read. */
export interface EncodedEntry {
  readonly key: string
  readonly entry: StoredEntry
  /** Position in the level's order of invalidations before the value was read. */
  readonly asOf: string
}

/**
 * Magic and version, checksum of all that follows, length of the whole, of the key, of `asOf` and of the
 * meta data; then these three as UTF-8, and the body.
 */
const HEAD_BYTES = 24
const MAGIC = 0x74_67_65_01
const CHECKED_FROM = 8

/** Encodes an entry. */
export function encodeEntry({ key, entry, asOf }: EncodedEntry): Uint8Array {
  const keyBytes = utf8(key)
  const asOfBytes = utf8(asOf)
  const meta = utf8(JSON.stringify(entry.meta))
  const parts = [keyBytes, asOfBytes, meta, entry.body]
  const bytes = new Uint8Array(HEAD_BYTES + parts.reduce((sum, part) => sum + part.length, 0))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(8, bytes.length)
  view.setUint32(12, keyBytes.length)
  view.setUint32(16, asOfBytes.length)
  view.setUint32(20, meta.length)
  let at = HEAD_BYTES
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  view.setUint32(4, crc32c(bytes, CHECKED_FROM))
  return bytes
}

/** Decodes an entry; `undefined` when any byte of it is not as it was written. The body is not copied. */
export function decodeEntry(bytes: Uint8Array): EncodedEntry | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== MAGIC || view.getUint32(8) !== bytes.length) return undefined
  if (view.getUint32(4) !== crc32c(bytes, CHECKED_FROM)) return undefined
  const keyEnd = HEAD_BYTES + view.getUint32(12)
  const asOfEnd = keyEnd + view.getUint32(16)
  const metaEnd = asOfEnd + view.getUint32(20)
  if (metaEnd > bytes.length) return undefined
  const key = fromUtf8(bytes.subarray(HEAD_BYTES, keyEnd))
  const asOf = fromUtf8(bytes.subarray(keyEnd, asOfEnd))
  const meta = readMeta(fromUtf8(bytes.subarray(asOfEnd, metaEnd)))
  if (key === undefined || asOf === undefined || meta === undefined) return undefined
  return { key, asOf, entry: { meta, body: bytes.subarray(metaEnd) } }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const isName = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { kind, name } = value as { readonly kind?: unknown; readonly name?: unknown }
  return NAME_KINDS.some((known) => known === kind) && isText(name)
}

/** What each field must be: a checksum reveals damage, but not who wrote the entry. */
const FIELDS: Readonly<Record<keyof EntryMeta, (value: unknown) => boolean>> = {
  kind: isText,
  tenant: isText,
  tags: isTexts,
  prefixes: isTexts,
  policy: (value) => value === undefined || isText(value),
  dependsOn: (value) => value === undefined || (Array.isArray(value) && value.every(isName)),
  createdMs: isNumber,
  freshUntilMs: isNumber,
  staleWhileRevalidateUntilMs: isNumber,
  staleIfErrorUntilMs: isNumber,
  expiresMs: isNumber,
  costMs: isNumber,
  isNegative: (value) => typeof value === 'boolean',
}

function readMeta(text: string | undefined): EntryMeta | undefined {
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    if (typeof value !== 'object' || value === null) return undefined
    const isWhole = Object.entries(FIELDS).every(([name, holds]) => holds(value[name]))
    return isWhole ? (value as unknown as EntryMeta) : undefined
  } catch {
    return undefined
  }
}
