import { civilFromSeconds, dayOfYear, MONTHS, WEEKDAYS, weekdayOf } from './civil.ts'
import type { Civil } from './civil.ts'
import { layoutParts } from './layout.ts'
import type { Zone } from './zone.ts'

interface Moment {
  readonly civil: Civil
  readonly nanos: number
  readonly offset: number
  readonly abbreviation: () => string
}

/** Writes an instant (seconds since 1970, and nanoseconds) in the form of the layout. */
export function formatTime(seconds: number, nanos: number, zone: Zone, layout: string): string {
  const offset = zone.offsetAt(seconds)
  const civil = civilFromSeconds(seconds + offset)
  const moment: Moment = { civil, nanos, offset, abbreviation: () => zone.abbreviationAt(seconds) }
  return layoutParts(layout)
    .map(({ kind, text }) => (kind === 'text' ? text : formatElement(text, moment)))
    .join('')
}

const two = (value: number): string => String(value).padStart(2, '0')
const twelve = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12)

const ELEMENTS: Readonly<Record<string, (moment: Moment) => string>> = {
  '2006': ({ civil }) =>
    (civil.year < 0 ? '-' : '') + String(Math.abs(civil.year)).padStart(4, '0'),
  '06': ({ civil }) => two(Math.abs(civil.year) % 100),
  January: ({ civil }) => MONTHS[civil.month - 1] ?? '',
  Jan: ({ civil }) => (MONTHS[civil.month - 1] ?? '').slice(0, 3),
  '01': ({ civil }) => two(civil.month),
  '1': ({ civil }) => String(civil.month),
  Monday: ({ civil }) => WEEKDAYS[weekdayOf(civil)] ?? '',
  Mon: ({ civil }) => (WEEKDAYS[weekdayOf(civil)] ?? '').slice(0, 3),
  '02': ({ civil }) => two(civil.day),
  _2: ({ civil }) => String(civil.day).padStart(2, ' '),
  '2': ({ civil }) => String(civil.day),
  '002': ({ civil }) => String(dayOfYear(civil)).padStart(3, '0'),
  __2: ({ civil }) => String(dayOfYear(civil)).padStart(3, ' '),
  '15': ({ civil }) => two(civil.hour),
  '03': ({ civil }) => two(twelve(civil.hour)),
  '3': ({ civil }) => String(twelve(civil.hour)),
  '04': ({ civil }) => two(civil.minute),
  '4': ({ civil }) => String(civil.minute),
  '05': ({ civil }) => two(civil.second),
  '5': ({ civil }) => String(civil.second),
  PM: ({ civil }) => (civil.hour >= 12 ? 'PM' : 'AM'),
  pm: ({ civil }) => (civil.hour >= 12 ? 'pm' : 'am'),
  MST: ({ abbreviation }) => abbreviation(),
}

function formatElement(element: string, moment: Moment): string {
  const format = ELEMENTS[element]
  if (format !== undefined) return format(moment)
  if (element.startsWith('.') || element.startsWith(',')) return fraction(element, moment.nanos)
  if (element.startsWith('Z') && moment.offset === 0) return 'Z'
  return offsetText(element, moment.offset)
}

function fraction(element: string, nanos: number): string {
  const digits = String(nanos)
    .padStart(9, '0')
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, '0')
  if (element[1] === '0') return element[0] + digits
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '' : element[0] + kept
}

function offsetText(element: string, offset: number): string {
  const size = Math.abs(offset)
  const colon = element.includes(':') ? ':' : ''
  const parts = [two(Math.trunc(size / 3_600)), two(Math.trunc(size / 60) % 60), two(size % 60)]
  const count = Math.floor(element.replaceAll(':', '').length / 2)
  return (offset > -60 ? '+' : '-') + parts.slice(0, count).join(colon)
}
