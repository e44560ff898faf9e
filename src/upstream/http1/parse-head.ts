import type { ReadyFields } from '../../core/answer.ts'
import type { Framing } from '../../core/http1/body-decoder.ts'
import type { KnownName } from './response-names.ts'
import { NAME_KINDS, responseName } from './response-names.ts'

/** The head of a response: its lines as received, and what they mean for reading the rest. */
export interface ResponseHead {
  readonly status: number
  /** Latin-1, one character per byte; every line with its CRLF, the status line first. */
  readonly text: string
  /** Names of the fields, lowercase, in order; a repeated name is repeated here. */
  readonly names: readonly string[]
  /** Where each field's line begins in {@link ResponseHead.text}; the last entry is where the lines end. */
  readonly starts: readonly number[]
  readonly framing: Framing
  /** Whether it has a Transfer-Encoding, which overrides Content-Length (RFC 9112 §6.3). */
  readonly isCoded: boolean
  /** The value of Connection, unless it is just `close` or `keep-alive`. */
  readonly connection: string | undefined
  /** Whether the connection may carry another request afterwards. */
  readonly reusable: boolean
  /** Seconds of `Keep-Alive: timeout=…`, if the server sends them. */
  readonly keepAliveSeconds: number | undefined
  /** The fields prepared for clients, if they do not depend on the request. */
  shown: ShownFields | undefined
}

/** Fields for clients; `keepsLength` says whether they may include Content-Length. */
export interface ShownFields extends ReadyFields {
  readonly keepsLength: boolean
}

// eslint-disable-next-line no-control-regex -- these are the characters a line must not hold
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/
const VERSION_NEW = 'HTTP/1.1 '
const VERSION_OLD = 'HTTP/1.0 '
const FIELDS_MAX = 200
/** Status codes whose responses have no content. */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 304])
const ZERO = 0x30
const SPACE = 0x20
const TAB = 0x09
const CR = 0x0d

/** The names in the previous head, as sent: a server usually sends the same ones again, in the same order. */
export interface SeenNames {
  /** With their colons. */
  readonly sent: string[]
  readonly known: KnownName[]
}

/** Creates {@link SeenNames} for a server. */
export const createSeenNames = (): SeenNames => ({ sent: [], known: [] })

/**
 * Parses the head of a response. Strict: anything ambiguous is an error, because the gate and the client could then
 * disagree about where the response ends.
 *
 * @param text the head as Latin-1, one character per byte, up to the CRLF of its last line.
 * @param method of the request: the answer to HEAD has no body.
 * @param seen is updated; its size is bounded because that of heads is.
 * @returns the head, or what is wrong with it.
 */
export function parseHead(
  text: string,
  method: string,
  seen: SeenNames = createSeenNames(),
): ResponseHead | string {
  const lineEnd = endOfLine(text, 0)
  const isCurrent = text.startsWith(VERSION_NEW)
  const status = statusOf(text)
  if (status < 100 || lineEnd < 14 || !(isCurrent || text.startsWith(VERSION_OLD))) {
    return 'bad status line'
  }
  // The status code is followed by a space and the reason phrase; some servers send neither.
  if (text.charCodeAt(12) !== SPACE && lineEnd !== 14) return 'bad status line'
  if (FORBIDDEN.test(text)) return 'control character in the head'
  return parseFields(text, lineEnd, isCurrent, status, method, seen)
}

/** The three-digit code after the version; 0 if there is none. */
function statusOf(text: string): number {
  let status = 0
  for (let at = 9; at < 12; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (!(digit >= 0 && digit <= 9)) return 0
    status = status * 10 + digit
  }
  return status
}

/** The end of the line that begins at `start`, after its CRLF; -1 if it does not end in CRLF. */
function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end > start && text.charCodeAt(end - 1) === CR && text.indexOf('\r', start) === end - 1
    ? end + 1
    : -1
}

/** The fields that decide how the message is read. */
interface Deciding {
  length: string | undefined
  coding: string | undefined
  connection: string | undefined
  keepAlive: string | undefined
}

function parseFields(
  text: string,
  from: number,
  isCurrent: boolean,
  status: number,
  method: string,
  seen: SeenNames,
): ResponseHead | string {
  const names: string[] = []
  const starts: number[] = [from]
  const deciding: Deciding = {
    length: undefined,
    coding: undefined,
    connection: undefined,
    keepAlive: undefined,
  }
  for (let start = from; start < text.length;) {
    const end = endOfLine(text, start)
    if (end < 0) return 'control character in the head'
    const known = nameAt(text, start, end, names.length, seen)
    if (typeof known === 'string') return known
    if (known.kind !== NAME_KINDS.plain) {
      const valueFrom = start + known.name.length + 1
      const wrong = note(deciding, known.kind, valueBetween(text, valueFrom, end - 2))
      if (wrong !== undefined) return wrong
    }
    if (names.push(known.name) > FIELDS_MAX) return 'too many headers'
    starts.push(end)
    start = end
  }
  const framing = framingOf(status, isCurrent, method, deciding)
  if (typeof framing === 'string') return framing
  const { connection, coding, length, keepAlive } = deciding
  return {
    status,
    text,
    names,
    starts,
    framing,
    isCoded: coding !== undefined,
    connection: connection !== undefined && SIMPLE.test(connection) ? undefined : connection,
    // RFC 9112 §6.3: a message with both may be an attempt at response splitting.
    reusable:
      isCurrent &&
      framing.kind !== 'close' &&
      (coding === undefined || length === undefined) &&
      !(WITHOUT_CONTENT.has(status) && announcesContent(deciding)) &&
      !(connection !== undefined && CLOSES.test(connection)),
    keepAliveSeconds:
      keepAlive === undefined ? undefined : Number(TIMEOUT.exec(keepAlive)?.[1] ?? Number.NaN),
    shown: undefined,
  }
}

/**
 * RFC 9110 §8.6, RFC 9112 §6.1: a 204 has neither Content-Length nor Transfer-Encoding, and a 304 seldom does. If there
 * is one, a faulty server may send the content as well, which would be taken for the answer to the next request.
 */
const announcesContent = ({ length, coding }: Deciding): boolean =>
  coding !== undefined || (length !== undefined && Number(length) > 0)

/** The name that a line begins with, or what is wrong with it. */
function nameAt(
  text: string,
  start: number,
  end: number,
  index: number,
  { sent, known }: SeenNames,
): KnownName | string {
  const before = sent[index]
  if (before !== undefined && text.startsWith(before, start)) return known[index]!
  const colon = text.indexOf(':', start)
  if (colon < 0 || colon >= end) return 'header line without a colon'
  const name = responseName(text.slice(start, colon))
  if (name === undefined) return 'bad header name'
  sent[index] = text.slice(start, colon + 1)
  known[index] = name
  return name
}

const SIMPLE = /^(?:keep-alive|close)$/i
const CLOSES = /(?:^|,)\s*close\s*(?:,|$)/i
const TIMEOUT = /(?:^|[\s,])timeout=(\d{1,6})/i

function note(deciding: Deciding, kind: number, value: string): string | undefined {
  switch (kind) {
    case NAME_KINDS.length:
      if (deciding.length !== undefined && deciding.length !== value) {
        return 'two different Content-Lengths'
      }
      deciding.length = value
      return undefined
    case NAME_KINDS.coding:
      deciding.coding = deciding.coding === undefined ? value : `${deciding.coding}, ${value}`
      return undefined
    case NAME_KINDS.connection:
      deciding.connection =
        deciding.connection === undefined ? value : `${deciding.connection},${value}`
      return undefined
    default:
      deciding.keepAlive = value
      return undefined
  }
}

const NONE: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const CLOSE: Framing = { kind: 'close' }

function framingOf(
  status: number,
  isCurrent: boolean,
  method: string,
  { length, coding }: Deciding,
): Framing | string {
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'bad Content-Length'
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE
  if (coding !== undefined) {
    if (!isCurrent) return 'Transfer-Encoding in HTTP/1.0'
    return framingOfCoding(coding.toLowerCase())
  }
  return length === undefined ? CLOSE : { kind: 'length', bytes: Number(length) }
}

/** Transfer codings that exist (RFC 9112 §7). The gate asks for none but `chunked`. */
const REAL_CODINGS = /(?:^|,)[ \t]*(?:chunked|(?:x-)?gzip|(?:x-)?compress|deflate)[ \t]*(?:[,;]|$)/
const CODING_NAMES = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9a-z]+)*$/

/**
 * RFC 9112 §6.3: a body whose last coding is not `chunked` ends with the connection, so unknown names do no harm. A
 * body in a real coding cannot be passed on, because the client would not learn of it.
 */
function framingOfCoding(coding: string): Framing | string {
  if (coding === 'chunked') return CHUNKED
  const isHarmless = CODING_NAMES.test(coding) && !REAL_CODINGS.test(coding)
  return isHarmless ? CLOSE : 'unknown Transfer-Encoding'
}

/** The value of a field: what follows its colon, without surrounding whitespace. */
export function valueAt({ text, names, starts }: ResponseHead, index: number): string {
  return valueBetween(text, starts[index]! + names[index]!.length + 1, starts[index + 1]! - 2)
}

/** RFC 9110 §5.6.3: only spaces and tabs count as whitespace around a value. */
function valueBetween(text: string, from: number, end: number): string {
  let [start, stop] = [from, end]
  while (start < stop && isBlank(text.charCodeAt(start))) start += 1
  while (stop > start && isBlank(text.charCodeAt(stop - 1))) stop -= 1
  return text.slice(start, stop)
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB
