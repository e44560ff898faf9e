import { parseUri } from '../encoding/uri.ts'
import { parseAddress } from '../net/address.ts'
import { compileProgram } from '../regex/pattern.ts'
import { layoutNamed } from '../time/layout.ts'
import { parseTime } from '../time/parse.ts'

function succeeds(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

const HOSTNAME =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/
const UUID = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/
const RELATIVE_POINTER = /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/
/** An email address: atoms or a quoted part, `@` and a domain, optionally in angle brackets after a name. */
const EMAIL =
  /^(?:[^<>@]*<)?(?:[\w!#$%&'*+/=?^`{|}~.\u0080-\uffff-]+|"[^"\\]*")@[\w\u0080-\uffff-]+(?:\.[\w\u0080-\uffff-]+)*>?$/

const isTime = (layout: string, text: string): boolean => succeeds(() => parseTime(layout, text))
const isUriReference = (text: string): boolean =>
  !text.includes('\\') && (text === '' || succeeds(() => parseUri(text)))
const isUri = (text: string): boolean =>
  /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && isUriReference(text)
const isEmail = (text: string): boolean =>
  text.length <= 1_000 && EMAIL.test(text) && !/\.\.|^\.|\.@/.test(text)
const CLOCK = '15:04:05'
const ZONED_CLOCK = '15:04:05Z07:00'
const DATE = '2006-01-02'

const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', (text: string) => isTime(DATE, text)],
  ['time', (text) => isTime(ZONED_CLOCK, text) || isTime(CLOCK, text)],
  [
    'date-time',
    (text) =>
      [CLOCK, ZONED_CLOCK, DATE, layoutNamed('RFC3339')].some((layout) => isTime(layout, text)),
  ],
  ['hostname', (text) => text.length < 256 && HOSTNAME.test(text)],
  ['email', isEmail],
  ['idn-email', isEmail],
  ['ipv4', (text) => text.includes('.') && parseAddress(text) !== undefined],
  ['ipv6', (text) => text.includes(':') && parseAddress(text) !== undefined],
  ['uri', isUri],
  ['iri', isUri],
  ['uri-reference', isUriReference],
  ['iri-reference', isUriReference],
  [
    'uri-template',
    (text) => isUriReference(text) && !/^[^{]*\}|\{[^}]*$/.test(text.replace(/\{[^{}]*\}/g, '')),
  ],
  ['uuid', (text) => UUID.test(text)],
  ['regex', (text) => text === '' || succeeds(() => compileProgram(text))],
  ['json-pointer', (text) => POINTER.test(text)],
  ['relative-json-pointer', (text) => RELATIVE_POINTER.test(text)],
])

/** Whether a text has a format of JSON Schema (draft 7, section 7.3); every text matches an unknown format. */
export function hasFormat(format: string, text: string): boolean {
  return FORMATS.get(format)?.(text) ?? true
}
