/** An argument of a directive: text (unquoted), `true` when there is none, `undefined` when malformed. */
export type Argument = string | true | undefined

/** Directives by lowercase name; one that occurs several times has several arguments. */
export type Directives = ReadonlyMap<string, readonly Argument[]>

const NONE: Directives = new Map()

/**
 * Parses Cache-Control (RFC 9111 §5.2): names in any case, arguments as tokens or quoted strings. Never throws, and
 * takes time linear in the length. What is not a directive is skipped up to the next comma. An unclosed quote hides
 * none of the directives after it, because one of them may be a prohibition.
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
 * Where the member that begins at `from` ends: at a comma outside of quotes, or else at the end of the text;
 * `undefined` when that is within quotes.
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

const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

function addDirective(found: Map<string, Argument[]>, member: string): void {
  const text = member.trim()
  if (text === '') return
  // A name counts, whatever follows it (`private; max-age=60`): it may be a prohibition.
  const name = LEADING_TOKEN.exec(text)?.[0] ?? text
  const argument = name.length === text.length ? true : argumentOf(text.slice(name.length))
  const key = name.toLowerCase()
  const before = found.get(key)
  if (before === undefined) found.set(key, [argument])
  else before.push(argument)
}

const LEADING_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/

/** @param rest what follows the name, which is something */
function argumentOf(rest: string): Argument {
  const right = rest.slice(1)
  if (rest.charCodeAt(0) !== EQUALS || right !== right.trimStart()) return undefined
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
