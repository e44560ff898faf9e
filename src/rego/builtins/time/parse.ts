import { quoteString } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { daysFromCivil, daysInMonth, MONTHS, secondsFromCivil, WEEKDAYS } from './civil.ts'
import { layoutParts } from './layout.ts'

/** An instant: seconds since 1970, and nanoseconds within the second. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

interface Fields {
  year: number
  month: number | undefined
  day: number | undefined
  dayOfYear: number | undefined
  hour: number
  minute: number
  second: number
  nanos: number
  half: 'am' | 'pm' | undefined
  offset: number | undefined
  /** A part that was readable but out of range. */
  outOfRange: string | undefined
}

/**
 * Reads one element from the start of the text; returns how much it consumed, or `undefined` if the text does not
 * match.
 */
type Reader = (text: string, fields: Fields, nextElement: string | undefined) => number | undefined

/**
 * Reads a time in the form of the layout.
 * @throws BuiltinError with Go's wording, `parsing time … as …: cannot parse … as …`.
 */
export function parseTime(layout: string, value: string): Instant {
  const fields: Fields = {
    year: 0,
    month: undefined,
    day: undefined,
    dayOfYear: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    half: undefined,
    offset: undefined,
    outOfRange: undefined,
  }
  const parts = layoutParts(layout)
  let rest = value
  for (const [i, { kind, text }] of parts.entries()) {
    const taken =
      kind === 'text' ? skipText(rest, text) : readerOf(text)(rest, fields, parts[i + 1]?.text)
    if (fields.outOfRange !== undefined) throw outOfRange(value, fields.outOfRange)
    if (taken === undefined) throw cannotParse(layout, value, rest, text)
    rest = rest.slice(taken)
  }
  if (rest !== '')
    throw new BuiltinError(`parsing time ${quoteString(value)}: extra text: ${quoteString(rest)}`)
  return instantOf(fields, value)
}

function cannotParse(layout: string, value: string, rest: string, element: string): BuiltinError {
  const whole = `parsing time ${quoteString(value)} as ${quoteString(layout)}`
  return new BuiltinError(`${whole}: cannot parse ${quoteString(rest)} as ${quoteString(element)}`)
}

function outOfRange(value: string, part: string): BuiltinError {
  return new BuiltinError(`parsing time ${quoteString(value)}: ${part} out of range`)
}

/** Literal text; a run of spaces in the layout matches any run of spaces. */
function skipText(text: string, literal: string): number | undefined {
  let at = 0
  for (let i = 0; i < literal.length; i++) {
    if (literal[i] === ' ') {
      if (at < text.length && text[at] !== ' ') return undefined
      while (literal[i + 1] === ' ') i++
      while (text[at] === ' ') at++
    } else if (text[at++] !== literal[i]) return undefined
  }
  return at
}

function digits(pattern: RegExp, store: (fields: Fields, value: number) => void): Reader {
  return (text, fields) => {
    const match = pattern.exec(text)
    if (match === null) return undefined
    store(fields, Number(match[1]))
    return match[0].length
  }
}

function ranged(
  name: string,
  min: number,
  max: number,
  store: (fields: Fields, value: number) => void,
) {
  return (fields: Fields, value: number): void => {
    if (value < min || value > max) fields.outOfRange = name
    else store(fields, value)
  }
}

function nameFrom(
  names: readonly string[],
  length: number | undefined,
  store: (fields: Fields, index: number) => void,
): Reader {
  return (text, fields) => {
    const shown = names.map((name) => name.slice(0, length))
    const index = shown.findIndex(
      (name) => text.slice(0, name.length).toLowerCase() === name.toLowerCase(),
    )
    if (index < 0) return undefined
    store(fields, index)
    return shown[index]!.length
  }
}

const LOOSE = /^(\d{1,2})/
const EXACT = /^(\d\d)/
const setMonth = ranged('month', 1, 12, (fields, value) => (fields.month = value))
const setDay = (fields: Fields, value: number): void => void (fields.day = value)
const setHour12 = ranged('hour', 0, 12, (fields, value) => (fields.hour = value))
const setMinute = ranged('minute', 0, 59, (fields, value) => (fields.minute = value))
const setSecond = ranged('second', 0, 59, (fields, value) => (fields.second = value))
const setDayOfYear = (fields: Fields, value: number): void => void (fields.dayOfYear = value)

/** Seconds; a fraction may follow in the value even if the layout has none. */
function seconds(pattern: RegExp): Reader {
  const whole = digits(pattern, setSecond)
  return (text, fields, next) => {
    const taken = whole(text, fields, next)
    if (taken === undefined || (next !== undefined && /^[.,][09]/.test(next))) return taken
    return taken + (readFraction(/^[.,](\d+)/, text.slice(taken), fields) ?? 0)
  }
}

function readFraction(pattern: RegExp, text: string, fields: Fields): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  fields.nanos = Number((match[1] ?? '').slice(0, 9).padEnd(9, '0'))
  return match[0].length
}

function half(upper: boolean): Reader {
  return (text, fields) => {
    const found = text.slice(0, 2)
    const known = upper ? ['AM', 'PM'] : ['am', 'pm']
    if (!known.includes(found)) return undefined
    fields.half = found.toLowerCase() as 'am' | 'pm'
    return 2
  }
}

const READERS: Readonly<Record<string, Reader>> = {
  '2006': digits(/^(\d{4})/, (fields, value) => (fields.year = value)),
  '06': digits(EXACT, (fields, value) => (fields.year = value >= 69 ? value + 1900 : value + 2000)),
  January: nameFrom(MONTHS, undefined, (fields, index) => (fields.month = index + 1)),
  Jan: nameFrom(MONTHS, 3, (fields, index) => (fields.month = index + 1)),
  '01': digits(EXACT, setMonth),
  '1': digits(LOOSE, setMonth),
  Monday: nameFrom(WEEKDAYS, undefined, () => undefined),
  Mon: nameFrom(WEEKDAYS, 3, () => undefined),
  '02': digits(EXACT, setDay),
  _2: digits(/^ ?(\d{1,2})/, setDay),
  '2': digits(LOOSE, setDay),
  '002': digits(/^(\d{3})/, setDayOfYear),
  __2: digits(/^ {0,2}(\d{1,3})/, setDayOfYear),
  '15': digits(
    LOOSE,
    ranged('hour', 0, 23, (fields, value) => (fields.hour = value)),
  ),
  '03': digits(EXACT, setHour12),
  '3': digits(LOOSE, setHour12),
  '04': digits(EXACT, setMinute),
  '4': digits(LOOSE, setMinute),
  '05': seconds(EXACT),
  '5': seconds(LOOSE),
  PM: half(true),
  pm: half(false),
  MST: readAbbreviation,
}

function readerOf(element: string): Reader {
  const reader = READERS[element]
  if (reader !== undefined) return reader
  if (!/^[.,]/.test(element)) return offsetReader(element)
  const exact = new RegExp(`^[.,](\\d{${element.length - 1}})`)
  return (text, fields) =>
    element[1] === '0'
      ? readFraction(exact, text, fields)
      : (readFraction(/^[.,](\d+)/, text, fields) ?? 0)
}

function offsetReader(element: string): Reader {
  const colon = element.includes(':') ? ':' : ''
  const count = Math.floor(element.replaceAll(':', '').length / 2)
  const pattern = new RegExp(
    `^([+-])${Array.from({ length: count }, () => '(\\d\\d)').join(colon)}`,
  )
  return (text, fields) => {
    if (element.startsWith('Z') && text.startsWith('Z')) {
      fields.offset = 0
      return 1
    }
    const match = pattern.exec(text)
    if (match === null) return undefined
    const [hours, minutes, rest] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)]
    if (hours > 24) fields.outOfRange = 'time zone offset hour'
    if (minutes > 60) fields.outOfRange = 'time zone offset minute'
    if (rest > 60) fields.outOfRange = 'time zone offset second'
    fields.offset = (match[1] === '-' ? -1 : 1) * ((hours * 60 + minutes) * 60 + rest)
    return match[0].length
  }
}

/** A zone's abbreviation is not reliable, so the time counts as UTC, even for abbreviations such as `GMT+3`. */
function readAbbreviation(text: string): number | undefined {
  const gmt = /^GMT([+-]\d{1,2})?/.exec(text)
  if (gmt !== null) {
    if (Math.abs(Number(gmt[1] ?? 0)) > 23) return undefined
    return gmt[0].length
  }
  const other =
    /^(?:ChST|MeST|[+-]\d\d|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z]))/.exec(
      text,
    )
  return other?.[0].length
}

function instantOf(fields: Fields, value: string): Instant {
  const { year, second, minute, nanos } = fields
  const hour = hourOf(fields)
  const { month, day } =
    fields.dayOfYear === undefined ? monthAndDay(fields) : fromDayOfYear(fields, value)
  if (day < 1 || day > daysInMonth(year, month)) throw outOfRange(value, 'day')
  return {
    seconds: secondsFromCivil({ year, month, day, hour, minute, second }) - (fields.offset ?? 0),
    nanos,
  }
}

function hourOf({ half: part, hour }: Fields): number {
  if (part === 'pm' && hour < 12) return hour + 12
  return part === 'am' && hour === 12 ? 0 : hour
}

function monthAndDay({ month = 1, day = 1 }: Fields): { month: number; day: number } {
  return { month, day }
}

function fromDayOfYear(fields: Fields, value: string): { month: number; day: number } {
  const { year, dayOfYear = 1 } = fields
  const start = daysFromCivil(year, 1, 1)
  if (dayOfYear < 1 || start + dayOfYear > daysFromCivil(year + 1, 1, 1))
    throw outOfRange(value, 'day-of-year')
  let month = 1
  while (daysFromCivil(year, month + 1, 1) - start < dayOfYear) month++
  const day = dayOfYear - (daysFromCivil(year, month, 1) - start)
  const mismatch = (part: string): BuiltinError =>
    new BuiltinError(`parsing time ${quoteString(value)}: day-of-year does not match ${part}`)
  if ((fields.month ?? month) !== month) throw mismatch('month')
  if ((fields.day ?? day) !== day) throw mismatch('day')
  return { month, day }
}
