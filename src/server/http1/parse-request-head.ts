import { connectionOptions, isForThisHop } from '../../core/listed-fields.ts'
import { METHODS as CARRIED } from '../../core/methods.ts'
import { FIELD_KINDS, fieldName, isToken } from './field-names.ts'
import type { HeadFacts } from './request-head.ts'
import { CHUNKED, RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

/** The rules that a listener applies to heads. */
export interface HeadRules {
  readonly scheme: 'http' | 'https'
  /** The most bytes in a head, including its empty line. */
  readonly headBytesMax: number
}

const FIELDS_MAX = 100
/** A Connection field with this many options is refused: each may have to be looked up among all fields. */
const OPTIONS_MAX = 33
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09
const DELETE = 0x7f

// eslint-disable-next-line no-control-regex -- these are the characters a field value must not hold
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/
const VISIBLE = /^[\x21-\x7e]+$/
const LENGTH = /^\d{1,15}$/
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i
const METHODS: ReadonlySet<string> = new Set(CARRIED)

const bad = (reason: Unreadable['reason'], detail: string): Unreadable =>
  new Unreadable(reason, 'bad_request', detail)

/**
 * Reads the head of a request. Strict: anything ambiguous is refused, because the gate and a proxy or server next to it
 * could then disagree about where a request ends.
 *
 * @param text Latin-1, one character per byte; at least `rules.headBytesMax + 1` characters from `at` if the connection
 * has brought that many.
 * @returns the head, why it cannot be read, or `undefined` while it is not complete.
 */
export function parseRequestHead(
  text: string,
  at: number,
  rules: HeadRules,
): RequestHead | Unreadable | undefined {
  let lineAt = at
  // RFC 9112 §2.2: ignores an empty line before the request line, which sloppy clients send after a body.
  if (text.charCodeAt(at) === CR) {
    if (at + 1 === text.length) return undefined
    if (text.charCodeAt(at + 1) !== LF) return bad('request_line', 'Stray carriage return.')
    lineAt = at + 2
  }
  const lineEnd = text.indexOf('\n', lineAt)
  if (lineEnd < 0 || lineEnd - at >= rules.headBytesMax) {
    return incompleteLine(text, at, lineAt, rules)
  }
  const line = parseRequestLine(text, lineAt, lineEnd, rules)
  if (line instanceof Unreadable) return line
  return parseFields(text, at, lineEnd + 1, line, rules)
}

function incompleteLine(
  text: string,
  at: number,
  lineAt: number,
  { headBytesMax }: HeadRules,
): Unreadable | undefined {
  if (text.length - at > headBytesMax) {
    return new Unreadable('head_too_large', 'uri_too_long', 'The request line is too long.')
  }
  // Bytes that cannot become a request, such as a TLS handshake, are refused without waiting for more.
  const isHopeless = lineAt < text.length && !isToken(text.charAt(lineAt))
  return isHopeless ? bad('request_line', 'Not a request.') : undefined
}

/** The parts of a request line. */
export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly isCurrent: boolean
  /** The authority of a target in absolute form; it replaces Host (RFC 9112 §3.2.2). */
  readonly authority: string | undefined
}

/** Reads the request line from `at` to the line feed at `end` (RFC 9112 §3). */
export function parseRequestLine(
  text: string,
  at: number,
  end: number,
  { scheme }: Pick<HeadRules, 'scheme'>,
): RequestLine | Unreadable {
  const methodEnd = text.indexOf(' ', at)
  const targetEnd = text.indexOf(' ', methodEnd + 1)
  if (methodEnd < 0 || targetEnd < 0 || targetEnd > end || text.charCodeAt(end - 1) !== CR) {
    return bad('request_line', 'The request line is malformed.')
  }
  const method = text.slice(at, methodEnd)
  if (!METHODS.has(method) && !isToken(method)) return bad('method', 'The method is malformed.')
  const version = text.slice(targetEnd + 1, end - 1)
  const isCurrent = version === 'HTTP/1.1'
  if (!isCurrent && version !== 'HTTP/1.0') return badVersion(version)
  if (method === 'CONNECT') {
    return new Unreadable('method', 'method_not_allowed', 'CONNECT is not served.')
  }
  const target = text.slice(methodEnd + 1, targetEnd)
  if (!VISIBLE.test(target)) return bad('target', 'The target holds characters it must not.')
  if (target.startsWith('/')) return { method, target, isCurrent, authority: undefined }
  if (target === '*' && method === 'OPTIONS') {
    return { method, target, isCurrent, authority: undefined }
  }
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null || absolute[1]!.toLowerCase() !== scheme) {
    return bad('target', 'The target is neither a path nor a URL of this server.')
  }
  const rest = absolute[3]!
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const isWhole = rest === '' && method === 'OPTIONS'
  return { method, target: isWhole ? '*' : path, isCurrent, authority: absolute[2]! }
}

function badVersion(version: string): Unreadable {
  return /^HTTP\/\d\.\d$/.test(version)
    ? new Unreadable(
        'version',
        'version_unsupported',
        'Only HTTP/1.1 and HTTP/1.0 are spoken here.',
      )
    : bad('version', 'The version is malformed.')
}

/** Reads the value between `from` and `end`, without surrounding whitespace (RFC 9112 §5.1). */
export function parseValue(text: string, from: number, end: number): string | undefined {
  const start = valueStart(text, from, end)
  const value = text.slice(start, valueEnd(text, start, end))
  return FORBIDDEN_IN_VALUE.test(value) ? undefined : value
}

/** Where a value between `from` and `end` begins, after whitespace. */
export function valueStart(text: string, from: number, end: number): number {
  let start = from
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  return start
}

/** Where a value that begins at `start` ends, before the whitespace that ends at `end`. */
export function valueEnd(text: string, start: number, end: number): number {
  let stop = end
  while (stop > start && isBlank(text.charCodeAt(stop - 1))) stop -= 1
  return stop
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB

/**
 * Where the line of a field value that begins at `from` ends, that is, its CRLF; -1 if there is none yet, or if the
 * value holds a forbidden character.
 */
export function valueLineEnd(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code >= SPACE || code === TAB; code = text.charCodeAt(at)) {
    if (code === DELETE) return -1
    at += 1
  }
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? at : -1
}

/** The number of bytes that a Content-Length states. */
export function parseLength(value: string): number | Unreadable {
  return LENGTH.test(value)
    ? Number(value)
    : bad('content_length', 'Content-Length is not one number.')
}

/** The fields that decide how the message is read. */
interface Deciding {
  host: number
  length: string | undefined
  coding: string | undefined
  connection: string
  expect: string | undefined
  upgrade: string | undefined
}

function parseFields(
  text: string,
  at: number,
  fieldsAt: number,
  line: RequestLine,
  rules: HeadRules,
): RequestHead | Unreadable | undefined {
  const names: string[] = []
  const values: string[] = []
  const deciding: Deciding = {
    host: -1,
    length: undefined,
    coding: undefined,
    connection: '',
    expect: undefined,
    upgrade: undefined,
  }
  for (let from = fieldsAt; ;) {
    const end = text.indexOf('\n', from)
    if (end < 0 || end - at >= rules.headBytesMax) {
      return text.length - at > rules.headBytesMax ? tooLarge() : undefined
    }
    if (text.charCodeAt(end - 1) !== CR) return bad('field_line', 'A line does not end in CRLF.')
    if (end === from + 1) return conclude(line, names, values, deciding, end + 1 - at)
    if (names.length === FIELDS_MAX) return tooLarge()
    const wrong = parseField(text, from, end, names, values, deciding)
    if (wrong !== undefined) return wrong
    from = end + 1
  }
}

const tooLarge = (): Unreadable =>
  new Unreadable('head_too_large', 'headers_too_large', 'The header fields are too large.')

function parseField(
  text: string,
  from: number,
  end: number,
  names: string[],
  values: string[],
  deciding: Deciding,
): Unreadable | undefined {
  const colon = text.indexOf(':', from)
  if (colon < 0 || colon > end) return bad('field_line', 'A header line has no colon.')
  const known = fieldName(text.slice(from, colon))
  if (known === undefined) return bad('field_name', 'A header name is malformed.')
  const value = parseValue(text, colon + 1, end - 1)
  if (value === undefined) return bad('field_value', 'A header value holds a control character.')
  const { name, kind } = known
  let same = 0
  while (same < names.length && names[same] !== name) same += 1
  if (same < names.length) {
    if (kind !== FIELD_KINDS.plain && kind !== FIELD_KINDS.connection) return repeated(kind)
    values[same] += name === 'cookie' ? `; ${value}` : `, ${value}`
  } else {
    names.push(name)
    values.push(value)
  }
  if (kind > FIELD_KINDS.single) note(deciding, kind, value, same)
  return undefined
}

function repeated(kind: number): Unreadable {
  const { host, length, coding } = FIELD_KINDS
  if (kind === host) return bad('host', 'Host came more than once.')
  if (kind === length) return bad('content_length', 'Content-Length came more than once.')
  if (kind === coding) return bad('transfer_encoding', 'Transfer-Encoding came more than once.')
  return bad('field_repeated', 'A header that may come once came more than once.')
}

function note(deciding: Deciding, kind: number, value: string, at: number): void {
  switch (kind) {
    case FIELD_KINDS.host:
      deciding.host = at
      break
    case FIELD_KINDS.length:
      deciding.length = value
      break
    case FIELD_KINDS.coding:
      deciding.coding = value
      break
    case FIELD_KINDS.connection:
      deciding.connection = `${deciding.connection},${value}`
      break
    case FIELD_KINDS.expect:
      deciding.expect = value
      break
    default:
      deciding.upgrade = value
  }
}

/** Determines what all lines mean together, once they are complete. */
function conclude(
  line: RequestLine,
  names: string[],
  values: string[],
  deciding: Deciding,
  bytes: number,
): RequestHead | Unreadable {
  const { method, target, isCurrent, authority } = line
  if (deciding.host < 0 && isCurrent) return bad('host', 'Host is missing.')
  if (authority !== undefined) {
    if (deciding.host < 0) deciding.host = names.push('host') - 1
    values[deciding.host] = authority
  }
  const bodyBytes = framing(isCurrent, deciding)
  if (bodyBytes instanceof Unreadable) return bodyBytes
  const { expect } = deciding
  const isContinue = expect !== undefined && expect.toLowerCase() === '100-continue'
  if (expect !== undefined && !isContinue) {
    return new Unreadable('expect', 'expectation_failed', 'Only 100-continue can be expected.')
  }
  const options =
    deciding.connection === '' ? NO_OPTIONS : connectionOptions(deciding.connection, OPTIONS_MAX)
  if (options.length === OPTIONS_MAX) return bad('field_value', 'Connection lists too much.')
  for (const option of options) if (isForThisHop(option)) removeField(option, names, values)
  const facts: HeadFacts = {
    method,
    target,
    isCurrent,
    names,
    values,
    bodyBytes,
    keepsAlive: !options.includes('close') && (isCurrent || options.includes('keep-alive')),
    // RFC 9110 §10.1.1: an expectation from an HTTP/1.0 client is ignored.
    expectsContinue: isContinue && isCurrent && bodyBytes !== 0,
    wantsWebSocket:
      deciding.upgrade?.toLowerCase() === 'websocket' &&
      options.includes('upgrade') &&
      isCurrent &&
      method === 'GET' &&
      bodyBytes === 0,
  }
  return new RequestHead(facts, bytes)
}

const NO_OPTIONS: readonly string[] = []

function removeField(name: string, names: string[], values: string[]): void {
  const at = names.indexOf(name)
  if (at < 0) return
  names.splice(at, 1)
  values.splice(at, 1)
}

/** How the end of the body is determined (RFC 9112 §6.3), more strictly than required. */
function framing(isCurrent: boolean, { length, coding }: Deciding): number | Unreadable {
  if (coding === undefined) return length === undefined ? 0 : parseLength(length)
  if (length !== undefined) {
    return bad('transfer_encoding', 'Content-Length came with Transfer-Encoding.')
  }
  if (!isCurrent) return bad('transfer_encoding', 'Transfer-Encoding came in HTTP/1.0.')
  const codings = coding.toLowerCase()
  if (codings === 'chunked') return CHUNKED
  return /,[ \t]*chunked$/.test(codings)
    ? new Unreadable('transfer_encoding', 'not_implemented', 'Only the chunked coding is known.')
    : bad('transfer_encoding', 'The last transfer coding is not chunked.')
}
