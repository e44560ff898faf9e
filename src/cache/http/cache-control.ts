/** An argument of a directive: text (unquoted), `true` when there is none, `undefined` when malformed. */
export type Argument = string | true | undefined

/** Directives by lowercase name; one that came several times has several arguments. */
export type Directives = ReadonlyMap<string, readonly Argument[]>

const NONE: Directives = new Map()

/**
 * Parses Cache-Control (RFC 9111 §5.2): names in any case, arguments as tokens or quoted strings. Never
 * throws, takes time linear in the length; what is not a directive is skipped up to the next comma. A quote
 * that nothing closes hides no directive behind it: one of them may be a prohibition.
 */
export function parseCacheControl(value: string | null): Directives {
  if (value === null || value === '') return NONE
  const found = new Map<string, Argument[]>()
  let hasOpenQuote = false
  let at = 0
  while (at < value.length) {
    const quotedEnd: number | undefined = hasOpenQuote ? undefined : memberEnd(value, at)
    hasOpenQuote = quotedEnd === undefined
    const end = quotedEnd ?? commaOrEnd(value, at)
    addDirective(found, value.slice(at, end))
    at = end + 1
  }
  return found
}

function commaOrEnd(value: string, from: number): number {
  const comma = value.indexOf(',', from)
  return comma === -1 ? value.length : comma
}

/**
 * The comma that ends the member beginning at `from`, outside of quotes; else the end of the text, and
 * `undefined` where that is within quotes.
 */
function memberEnd(value: string, from: number): number | undefined {
  let isQuoted = false
  for (let at = from; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    if (code === QUOTE) isQuoted = !isQuoted
    else if (code === BACKSLASH && isQuoted) at += 1
    else if (code === COMMA && !isQuoted) return at
  }
  return isQuoted ? undefined : value.length
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

function addDirective(found: Map<string, Argument[]>, member: string): void {
  const text = member.trim()
  if (text === '') return
  const equals = text.indexOf('=')
  const left = equals === -1 ? text : text.slice(0, equals)
  // A name is taken with whitespace before `=`, where none may be: it may be a prohibition.
  const name = left.trimEnd().toLowerCase()
  const argument = equals === -1 ? true : argumentOf(left, text.slice(equals + 1))
  const before = found.get(name)
  if (before === undefined) found.set(name, [argument])
  else before.push(argument)
}

function argumentOf(left: string, right: string): Argument {
  if (left !== left.trimEnd() || right !== right.trimStart()) return undefined
  if (right.charCodeAt(0) !== QUOTE) return right
  const isClosed = right.length > 1 && right.charCodeAt(right.length - 1) === QUOTE
  return isClosed ? unescape(right.slice(1, -1)) : undefined
}

const unescape = (text: string): string =>
  text.includes('\\') ? text.replaceAll(/\\(.)/gs, '$1') : text

/** Larger ones are taken for this (RFC 9111 §1.2.2). */
const DELTA_SECONDS_MAX = 2_147_483_648

/** Seconds of an argument, or `undefined` when it is not a number of them (RFC 9111 §1.2.2). */
export function deltaSeconds(argument: Argument): number | undefined {
  if (typeof argument !== 'string' || !/^\d+$/.test(argument)) return undefined
  return Math.min(Number(argument), DELTA_SECONDS_MAX)
}
