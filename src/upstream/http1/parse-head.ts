import type { Framing } from '../../core/http1/body-decoder.ts'

/** A header field: lowercase name and value. */
export type Field = readonly [name: string, value: string]

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly fields: readonly Field[]
  readonly framing: Framing
  /** Whether the connection may carry another request afterwards. */
  readonly reusable: boolean
  /** Seconds of `Keep-Alive: timeout=…`, when the server says them. */
  readonly keepAliveSeconds: number | undefined
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// eslint-disable-next-line no-control-regex -- these are the characters a field value must not hold
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/
const FIELDS_MAX = 200

/**
 * Parses the head of a response, without the empty line that ends it. Strict: what could be read in
 * two ways is an error, because this proxy and the client would then disagree about where the
 * response ends.
 *
 * @param text the head as Latin-1, one character a byte.
 * @param method of the request: the answer to HEAD has no body.
 * @returns the head, or what is wrong with it.
 */
export function parseHead(text: string, method: string): ResponseHead | string {
  let end = text.indexOf('\r\n')
  if (end < 0) end = text.length
  const version = text.slice(0, 8)
  const status = Number(text.slice(9, 12))
  const isStatusLine =
    (version === 'HTTP/1.1' || version === 'HTTP/1.0') &&
    text.charCodeAt(8) === 0x20 &&
    /^[1-9]\d\d$/.test(text.slice(9, 12)) &&
    (end === 12 || text.charCodeAt(12) === 0x20)
  if (!isStatusLine || FORBIDDEN_IN_VALUE.test(text.slice(0, end))) return 'bad status line'
  const fields = parseFields(text, end + 2)
  return typeof fields === 'string' ? fields : describe(status, version, fields, method)
}

function parseFields(text: string, from: number): Field[] | string {
  const fields: Field[] = []
  for (let start = from; start < text.length;) {
    let end = text.indexOf('\r\n', start)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', start)
    if (colon < 0 || colon >= end) return 'header line without a colon'
    const name = text.slice(start, colon)
    const value = text.slice(colon + 1, end).trim()
    if (!TOKEN.test(name)) return 'bad header name'
    if (FORBIDDEN_IN_VALUE.test(value)) return 'control character in a header'
    if (fields.push([name.toLowerCase(), value]) > FIELDS_MAX) return 'too many headers'
    start = end + 2
  }
  return fields
}

function describe(
  status: number,
  version: string,
  fields: readonly Field[],
  method: string,
): ResponseHead | string {
  let length: string | undefined
  let coding: string | undefined
  let closes = version === 'HTTP/1.0'
  let keepAliveSeconds: number | undefined
  for (const [name, value] of fields) {
    if (name === 'content-length') {
      if (length !== undefined && length !== value) return 'two different Content-Lengths'
      length = value
    } else if (name === 'transfer-encoding') {
      coding = coding === undefined ? value : `${coding}, ${value}`
    } else if (name === 'connection') {
      closes ||= /(?:^|,)\s*close\s*(?:,|$)/i.test(value)
    } else if (name === 'keep-alive') {
      keepAliveSeconds = Number(/(?:^|[\s,])timeout=(\d{1,6})/i.exec(value)?.[1] ?? Number.NaN)
    }
  }
  const framing = framingOf(status, version, method, length, coding)
  if (typeof framing === 'string') return framing
  // RFC 9112 §6.3: a message with both has been tampered with, or is about to be misread.
  const reusable =
    !closes && framing.kind !== 'close' && !(coding !== undefined && length !== undefined)
  return { status, fields, framing, reusable, keepAliveSeconds }
}

function framingOf(
  status: number,
  version: string,
  method: string,
  length: string | undefined,
  coding: string | undefined,
): Framing | string {
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'bad Content-Length'
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' }
  if (coding !== undefined) {
    if (version === 'HTTP/1.0') return 'Transfer-Encoding in HTTP/1.0'
    return coding.toLowerCase() === 'chunked' ? { kind: 'chunked' } : 'unknown Transfer-Encoding'
  }
  return length === undefined ? { kind: 'close' } : { kind: 'length', bytes: Number(length) }
}
