import { fromBigInt, isArray, isNumber, toBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { intOperand, operandTypeError, stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import { civilFromSeconds, daysInMonth, secondsFromCivil, WEEKDAYS, weekdayOf } from './civil.ts'
import type { Civil } from './civil.ts'
import { parseDuration } from './duration.ts'
import { formatTime } from './format.ts'
import { layoutNamed } from './layout.ts'
import { queryTime } from './now.ts'
import { parseTime } from './parse.ts'
import type { Instant } from './parse.ts'
import { instantOf, UTC, zoneOf } from './zone.ts'
import type { Zone } from './zone.ts'

type Args = readonly Value[]

interface ZonedTime extends Instant {
  readonly zone: Zone
  readonly layout: string
}

const SECOND_NS = 1_000_000_000n
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
/** Calendar arithmetic beyond these years leaves the range of nanoseconds anyway. */
const FIELD_MAX = 1_000_000

/** Reads nanoseconds, `[ns, zone]` or `[ns, zone, layout]`. */
function zonedTime(args: Args, index: number): ZonedTime {
  const value = args[index]!
  const parts = isArray(value) ? value : [value]
  if (parts.length === 0 || (!isArray(value) && !isNumber(value))) {
    throw operandTypeError(0, value, 'either number (ns) or [number (ns), string (tz)]')
  }
  const [ns, zone, layout] = parts
  if (!isNumber(ns!)) throw operandTypeError(0, ns!, 'number')
  const nanoseconds = toBigInt(ns)
  if (nanoseconds === undefined || nanoseconds > INT64_MAX || nanoseconds < INT64_MIN) {
    throw new BuiltinError('timestamp too big')
  }
  const text = (part: Value | undefined): string => {
    if (part !== undefined && typeof part !== 'string') throw operandTypeError(0, part, 'string')
    return part ?? ''
  }
  return {
    ...instantFromNs(nanoseconds),
    zone: zone === undefined ? UTC : zoneOf(text(zone)),
    layout: text(layout),
  }
}

function instantFromNs(nanoseconds: bigint): Instant {
  const nanos = ((nanoseconds % SECOND_NS) + SECOND_NS) % SECOND_NS
  return { seconds: Number((nanoseconds - nanos) / SECOND_NS), nanos: Number(nanos) }
}

function toNs({ seconds, nanos }: Instant): Value {
  const nanoseconds = Number.isSafeInteger(seconds)
    ? BigInt(seconds) * SECOND_NS + BigInt(nanos)
    : INT64_MAX + 1n
  if (nanoseconds > INT64_MAX || nanoseconds < INT64_MIN)
    throw new BuiltinError('time outside of valid range')
  return fromBigInt(nanoseconds)
}

function civilOf({ seconds, zone }: ZonedTime): Civil {
  return civilFromSeconds(seconds + zone.offsetAt(seconds))
}

function format(args: Args): string {
  const time = zonedTime(args, 0)
  const layout = layoutNamed(time.layout === '' ? 'RFC3339Nano' : time.layout)
  return formatTime(time.seconds, time.nanos, time.zone, layout)
}

function addDate(args: Args): Value {
  const time = zonedTime(args, 0)
  const [years, months, days] = [intOperand(args, 1), intOperand(args, 2), intOperand(args, 3)]
  if (Math.max(Math.abs(years), Math.abs(months), Math.abs(days)) > FIELD_MAX) {
    throw new BuiltinError('time outside of valid range')
  }
  const civil = civilOf(time)
  const moved = {
    ...civil,
    year: civil.year + years,
    month: civil.month + months,
    day: civil.day + days,
  }
  return toNs({ seconds: instantOf(time.zone, secondsFromCivil(moved)), nanos: time.nanos })
}

/** Years, months, days, hours, minutes and seconds between two times, on the clocks of the first one's zone. */
function diff(args: Args): Value {
  const first = zonedTime(args, 0)
  const second = { ...zonedTime(args, 1), zone: first.zone }
  const swapped =
    first.seconds > second.seconds ||
    (first.seconds === second.seconds && first.nanos > second.nanos)
  const from = civilOf(swapped ? second : first)
  const to = civilOf(swapped ? first : second)
  const fields = [
    to.year - from.year,
    to.month - from.month,
    to.day - from.day,
    to.hour - from.hour,
    to.minute - from.minute,
    to.second - from.second,
  ]
  const sizes = [0, 12, daysInMonth(from.year, from.month), 24, 60, 60]
  for (let i = fields.length - 1; i > 0; i--) {
    if (fields[i]! < 0) {
      fields[i]! += sizes[i]!
      fields[i - 1]! -= 1
    }
  }
  return fields
}

/** Dates, clocks and durations; times are nanoseconds since 1970. */
export const TIMES: Readonly<Record<string, BuiltinCall>> = {
  'time.now_ns': queryTime,
  'time.parse_ns': (_, args) =>
    toNs(parseTime(layoutNamed(stringOperand(args, 0)), stringOperand(args, 1))),
  'time.parse_rfc3339_ns': (_, args) =>
    toNs(parseTime(layoutNamed('RFC3339'), stringOperand(args, 0))),
  'time.parse_duration_ns': (_, args) => fromBigInt(parseDuration(stringOperand(args, 0))),
  'time.format': (_, args) => format(args),
  'time.date': (_, args) => {
    const { year, month, day } = civilOf(zonedTime(args, 0))
    return [year, month, day]
  },
  'time.clock': (_, args) => {
    const { hour, minute, second } = civilOf(zonedTime(args, 0))
    return [hour, minute, second]
  },
  'time.weekday': (_, args) => WEEKDAYS[weekdayOf(civilOf(zonedTime(args, 0)))]!,
  'time.add_date': (_, args) => addDate(args),
  'time.diff': (_, args) => diff(args),
}
