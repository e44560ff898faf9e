const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH = `(${MONTHS.join('|')})`
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'

const IMF_FIXDATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`,
  'i',
)
const RFC_850 = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`,
  'i',
)
const ASCTIME = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`,
  'i',
)

/**
 * Milliseconds since the epoch of an HTTP date in one of its three forms (RFC 9110 §5.6.7), or `undefined` when it is
 * anything else: a date that cannot be read counts as past (RFC 9111 §5.3). Names of days, months and the zone are
 * accepted in any case (RFC 9111 §4.2), and GMT is the only zone.
 *
 * @param nowMs decides the century of two-digit years: none is more than 50 years ahead.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const fixed = IMF_FIXDATE.exec(text)
  if (fixed !== null) {
    const [, day, month, year, hours, minutes, seconds] = fixed
    return toMs(Number(year), month, day, hours, minutes, seconds)
  }
  const old = RFC_850.exec(text)
  if (old !== null) {
    const [, day, month, year, hours, minutes, seconds] = old
    return toMs(fullYear(Number(year), nowMs), month, day, hours, minutes, seconds)
  }
  const c = ASCTIME.exec(text)
  if (c === null) return undefined
  const [, month, day, hours, minutes, seconds, year] = c
  return toMs(Number(year), month, day, hours, minutes, seconds)
}

/** The date in the form that senders must use, rounded down to the second. */
export const formatHttpDate = (ms: number): string => new Date(ms).toUTCString()

function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

function toMs(
  year: number,
  month: string | undefined,
  day: string | undefined,
  ...time: readonly (string | undefined)[]
): number | undefined {
  const [hours = 99, minutes = 99, seconds = 99] = time.map(Number)
  const date = Number(day)
  // A leap second counts as the second before it.
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined
  const index = MONTHS.indexOf(month?.toLowerCase() ?? '')
  const ms = Date.UTC(year, index, date, hours, minutes, Math.min(seconds, 59))
  return new Date(ms).getUTCDate() === date ? ms : undefined
}
