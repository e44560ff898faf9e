import { fromUtf8, utf8 } from '../../core/bytes.ts'
import type { EntryMeta, Name, StoredEntry } from '../contract.ts'
import type { StoredResponse } from '../http/stored-response.ts'
import type { Variants } from '../http/variants.ts'

/** Variants of a response, with what is needed to put them back into memory. */
export interface ResponseEntry {
  readonly variants: Variants
  readonly tenant: string
  readonly names: readonly Name[]
  /** How long they may be of use from now on, milliseconds. */
  readonly keepMs: number
}

/** What entries of stored responses are called. */
export const RESPONSE_KIND = 'response'

/** A variant without its body and its codings; how long ago it came, instead of when. */
type Described = Omit<StoredResponse, 'body' | 'coded'> & {
  readonly bodyBytes: number
  readonly storedAgoMs: number
}

const LENGTH_BYTES = 4

/** Turns variants into an entry of `nowMs`: their description as JSON behind its length, then the bodies. */
export function encodeResponse(entry: ResponseEntry, nowMs: number): StoredEntry {
  const { variants, tenant, names, keepMs } = entry
  const described = variants.list.map((stored) => describe(stored, nowMs))
  const head = utf8(JSON.stringify(described))
  const bodies = variants.list.map(({ body }) => body)
  const bytes = new Uint8Array(
    bodies.reduce((sum, body) => sum + body.length, LENGTH_BYTES + head.length),
  )
  new DataView(bytes.buffer).setUint32(0, head.length)
  bytes.set(head, LENGTH_BYTES)
  let at = LENGTH_BYTES + head.length
  for (const body of bodies) {
    bytes.set(body, at)
    at += body.length
  }
  const untilMs = nowMs + keepMs
  const meta: EntryMeta = {
    kind: RESPONSE_KIND,
    tenant,
    tags: names.filter(({ kind }) => kind === 'tag').map(({ name }) => name),
    prefixes: [],
    createdMs: nowMs,
    freshUntilMs: untilMs,
    staleWhileRevalidateUntilMs: untilMs,
    staleIfErrorUntilMs: untilMs,
    expiresMs: untilMs,
    costMs: 0,
    isNegative: false,
  }
  return { meta, body: bytes }
}

/** Reads what {@link encodeResponse} wrote; `undefined` for anything else. */
export function decodeResponse(
  { meta, body }: StoredEntry,
  nowMs: number,
): ResponseEntry | undefined {
  if (meta.kind !== RESPONSE_KIND || body.length < LENGTH_BYTES) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const headEnd = LENGTH_BYTES + view.getUint32(0)
  const described = readHead(fromUtf8(body.subarray(LENGTH_BYTES, headEnd)))
  if (described === undefined) return undefined
  const list: StoredResponse[] = []
  let at = headEnd
  for (const { bodyBytes, storedAgoMs, ...rest } of described) {
    const terms = { ...rest.terms, storedMs: meta.createdMs - storedAgoMs }
    // A copy: what was read together with it need not stay in memory.
    list.push({ ...rest, terms, body: body.slice(at, at + bodyBytes), coded: {} })
    at += bodyBytes
  }
  if (at !== body.length || list.length === 0) return undefined
  const names: Name[] = meta.tags.map((name) => ({ kind: 'tag', name }))
  if (meta.tenant !== '') names.push({ kind: 'tenant', name: meta.tenant })
  return {
    variants: { list },
    tenant: meta.tenant,
    names,
    keepMs: Math.max(0, meta.expiresMs - nowMs),
  }
}

function describe(stored: StoredResponse, nowMs: number): Described {
  const { status, fields, terms, varyNames, selecting, tagIsMade, surrogates, mayCode, part } =
    stored
  return {
    status,
    fields,
    terms,
    varyNames,
    selecting,
    tagIsMade,
    surrogates,
    mayCode,
    ...(part !== undefined && { part }),
    bodyBytes: stored.body.length,
    storedAgoMs: nowMs - terms.storedMs,
  }
}

function readHead(text: string | undefined): readonly Described[] | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text)
    return Array.isArray(value) && value.every(isDescribed) ? value : undefined
  } catch {
    return undefined
  }
}

function isDescribed(value: unknown): value is Described {
  if (typeof value !== 'object' || value === null) return false
  const { status, bodyBytes, storedAgoMs, fields, terms, varyNames, selecting, surrogates } =
    value as Readonly<Record<keyof Described, unknown>>
  return (
    [status, bodyBytes, storedAgoMs].every(Number.isFinite) &&
    [fields, varyNames, selecting, surrogates].every(Array.isArray) &&
    typeof terms === 'object' &&
    terms !== null
  )
}
