import { isIPv4, isIPv6 } from 'node:net'
import type { Format } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Matcher } from '../rego/patterns.ts'
import { compileEcmaPattern } from '../rego/patterns.ts'
import { isUri, isUriReference } from './uri.ts'

const REGEX_LENGTH_MAX = 4096
const HOSTNAME_LENGTH_MAX = 253
const LABEL_LENGTH_MAX = 63
const MAILBOX_LENGTH_MAX = 64
const PATH_LENGTH_MAX = 1024

const HOUR_ON = '\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S'
const DAY_ON = '\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D'
const VARIABLE = '(?:[A-Za-z0-9_.]|%[0-9A-Fa-f]{2})+(?::[1-9][0-9]{0,3}|\\*)?'

/** Each is compiled by {@link compileEcmaPattern}, so that none can be made to backtrack. */
const PATTERNS = {
  // RFC 3339 appendix A.
  duration: `^P(?:\\d+W|(?:${DAY_ON})(?:T(?:${HOUR_ON}))?|T(?:${HOUR_ON}))$`,
  // RFC 9562 §4.
  uuid: '^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$',
  // RFC 6901 §3.
  'json-pointer': '^(?:/(?:[^~/]|~[01])*)*$',
  'relative-json-pointer': '^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~[01])*)*)$',
  // RFC 6570 §2.
  'uri-template': `^(?:[^\\x00-\\x20"'<>%\\\\^\`{|}]|%[0-9A-Fa-f]{2}|\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*$`,
} as const

const label = matcher('^[A-Za-z0-9-]+$')
const mailbox = matcher("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
const base64 = matcher('^[A-Za-z0-9+/]*={0,2}$')
const pathSegment = matcher('^[\\p{L}\\p{N}_ ().,+-]+$')

/**
 * The formats that a schema may name: those of JSON Schema validation §7.3 except the internationalized ones, those of
 * OpenAPI, and `safe-path`, a relative path that cannot leave its folder.
 */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...Object.fromEntries(
    Object.entries(PATTERNS).map(([name, source]) => {
      const pattern = matcher(source)
      return [name, (text: string) => pattern.test(text)]
    }),
  ),
  date: fullFormats.date,
  time: fullFormats.time,
  'date-time': fullFormats['date-time'],
  ipv4: isIPv4,
  ipv6: (text: string) => !text.includes('%') && isIPv6(text),
  hostname: isHostname,
  email: isEmail,
  uri: isUri,
  'uri-reference': isUriReference,
  regex: isRegularExpression,
  byte: (text: string) => text.length % 4 === 0 && base64.test(text),
  int32: fullFormats.int32,
  int64: fullFormats.int64,
  float: fullFormats.float,
  double: fullFormats.double,
  password: true,
  binary: true,
  'safe-path': isSafePath,
}

/**
 * Whether `text` is a relative path that can only lead downward, on any file system: segments of letters, digits,
 * spaces and `_ ( ) . , + -`, none hidden, none ending in a dot or a space, no empty ones, and no escapes left to
 * decode.
 */
export function isSafePath(text: string): boolean {
  if (text.length > PATH_LENGTH_MAX) return false
  return text
    .split('/')
    .every(
      (segment) =>
        pathSegment.test(segment) &&
        !segment.startsWith('.') &&
        !segment.startsWith(' ') &&
        !segment.endsWith('.') &&
        !segment.endsWith(' '),
    )
}

/** RFC 1123 §2.1. */
function isHostname(text: string): boolean {
  if (text.length > HOSTNAME_LENGTH_MAX) return false
  return text
    .split('.')
    .every(
      (part) =>
        part.length <= LABEL_LENGTH_MAX &&
        label.test(part) &&
        !part.startsWith('-') &&
        !part.endsWith('-'),
    )
}

/** RFC 5321 §4.1.2, without quoted local parts and address literals. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1 || at > MAILBOX_LENGTH_MAX) return false
  return mailbox.test(text.slice(0, at)) && isHostname(text.slice(at + 1))
}

function isRegularExpression(text: string): boolean {
  if (text.length > REGEX_LENGTH_MAX) return false
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function matcher(source: string): Matcher {
  const compiled = compileEcmaPattern(source)
  if (!compiled.ok) throw new SyntaxError(`${source}: ${compiled.message}`)
  return compiled.matcher
}
