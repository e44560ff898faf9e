/** A date and time of day without a zone. */
export interface Civil {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const DAY_SECONDS = 86_400

/** Days from 1970-01-01 in the proleptic Gregorian calendar; months and days outside their range carry over. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const years = year + Math.floor((month - 1) / 12)
  const monthIndex = (((month - 1) % 12) + 12) % 12
  const shifted = monthIndex < 2 ? years - 1 : years
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((monthIndex + 10) % 12) + 2) / 5)
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468 + day - 1
}

/** Seconds from 1970-01-01T00:00:00; every field may exceed its range. */
export function secondsFromCivil({ year, month, day, hour, minute, second }: Civil): number {
  return daysFromCivil(year, month, day) * DAY_SECONDS + hour * 3_600 + minute * 60 + second
}

/** The date and time this many seconds after 1970-01-01T00:00:00. */
export function civilFromSeconds(seconds: number): Civil {
  const days = Math.floor(seconds / DAY_SECONDS)
  const rest = seconds - days * DAY_SECONDS
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthPart = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthPart < 10 ? monthPart + 3 : monthPart - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthPart + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600),
    minute: Math.floor((rest % 3_600) / 60),
    second: rest % 60,
  }
}

/** 0 is Sunday. */
export function weekdayOf({ year, month, day }: Civil): number {
  return (((daysFromCivil(year, month, day) + 4) % 7) + 7) % 7
}

/** 1 is the first of January. */
export function dayOfYear({ year, month, day }: Civil): number {
  return daysFromCivil(year, month, day) - daysFromCivil(year, 1, 1) + 1
}

export function daysInMonth(year: number, month: number): number {
  return daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1)
}

export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

export const WEEKDAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
]
