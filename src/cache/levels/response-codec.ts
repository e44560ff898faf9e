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
const RESPONSE_KIND = 'response'

/** Raised with every change of the format, because gates of several versions may share a Redis or a disk. */
const FORMAT = 2

/** A variant without its body and its codings, and with the time since it arrived instead of when. */
type Described = Omit<StoredResponse, 'body' | 'coded'> & {
  readonly bodyBytes: number
  readonly storedAgoMs: number
}

const LENGTH_BYTES = 4

/** Turns variants into an entry as of `nowMs`: their description as JSON, preceded by its length; then the bodies. */
export function encodeResponse(entry: ResponseEntry, nowMs: number): StoredEntry {
  const { variants, tenant, names, keepMs } = entry
  const described = variants.list.map((stored) => describe(stored, nowMs))
  const head = utf8(JSON.stringify({ format: FORMAT, variants: described }))
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
    // A copy, so that the rest of what was read with it can leave memory.
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
  const { body, coded: _, ...rest } = stored
  return { ...rest, bodyBytes: body.length, storedAgoMs: nowMs - stored.terms.storedMs }
}

function readHead(text: string | undefined): readonly Described[] | undefined {
  try {
    const head: unknown = text === undefined ? undefined : JSON.parse(text)
    if (!isObject(head) || head['format'] !== FORMAT) return undefined
    const { variants } = head
    return Array.isArray(variants) && variants.every(isDescribed) ? variants : undefined
  } catch {
    return undefined
  }
}

type Check = (value: unknown) => boolean
type Unknowns = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Unknowns => typeof value === 'object' && value !== null
const isText: Check = (value) => typeof value === 'string'
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isFlag: Check = (value) => typeof value === 'boolean'
const isNumber: Check = (value) => Number.isFinite(value)
const isLength: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isStatus: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 200 && Number(value) < 1000

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
// eslint-disable-next-line no-control-regex -- these are the characters a field value must not hold
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/

const isField: Check = (value) => {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [name, text] = value as readonly unknown[]
  return (
    typeof name === 'string' &&
    FIELD_NAME.test(name) &&
    typeof text === 'string' &&
    !FORBIDDEN_IN_VALUE.test(text)
  )
}

const holds = (checks: Readonly<Record<string, Check>>, value: unknown): boolean =>
  isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]))

const TERMS: Readonly<Record<keyof StoredResponse['terms'], Check>> = {
  storedMs: isNumber,
  ageMs: isNumber,
  lifetimeMs: isNumber,
  alwaysAsk: isFlag,
  neverStale: isFlag,
  staleWhileRevalidateMs: isNumber,
  staleIfErrorMs: isNumber,
  disconnectedMs: isNumber,
}

const PART: Readonly<Record<keyof NonNullable<StoredResponse['part']>, Check>> = {
  first: isLength,
  completeBytes: isLength,
  echoes: (value) => value === undefined || holds({ asked: isText, contentRange: isText }, value),
}

/** What each member must be: a checksum reveals damage, but not who wrote the entry, or with which version. */
const DESCRIBED: Readonly<Record<keyof Described, Check>> = {
  status: isStatus,
  fields: (value) => Array.isArray(value) && value.every(isField),
  part: (value) => value === undefined || holds(PART, value),
  terms: (value) => holds(TERMS, value),
  varyNames: isTexts,
  selecting: isTexts,
  tagIsMade: isFlag,
  surrogates: isTexts,
  mayCode: isFlag,
  bodyBytes: isLength,
  storedAgoMs: isNumber,
}

const isDescribed = (value: unknown): value is Described => holds(DESCRIBED, value)
