import { BuiltinError } from '../types.ts'
import { secondsFromCivil } from './civil.ts'

/** A time zone: says what its clocks show at an instant. */
export interface Zone {
  readonly name: string
  /** Seconds east of Greenwich at an instant, given in seconds since 1970. */
  offsetAt(seconds: number): number
  /** The abbreviation at an instant, `CET` or `+03`. */
  abbreviationAt(seconds: number): string
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0, abbreviationAt: () => 'UTC' }

/** Regions with names for zones for which American English has only offsets (`GMT+1`). */
const LOCALES: readonly string[] = [
  'en-US',
  'en-GB',
  'en-AU',
  'en-IN',
  'en-ZA',
  'en-NZ',
  'en-CA',
  'ja-JP',
  'ko-KR',
]
const ZONES_MAX = 600
const zones = new Map<string, Zone>()

/**
 * The zone of an IANA name; `''`, `UTC` and `Local` are UTC, because the host's zone does not concern a policy.
 * @throws BuiltinError `unknown time zone …`.
 */
export function zoneOf(name: string): Zone {
  if (name === '' || name === 'UTC' || name === 'Local') return UTC
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = createZone(name)
  if (zones.size >= ZONES_MAX) zones.clear()
  zones.set(name, zone)
  return zone
}

function createZone(name: string): Zone {
  const clock = clockOf(name)
  return {
    name,
    offsetAt: (seconds) => offsetAt(clock, seconds),
    abbreviationAt: (seconds) => abbreviationAt(name, seconds, offsetAt(clock, seconds)),
  }
}

function clockOf(name: string): Intl.DateTimeFormat {
  // Offsets like "+01:00" are zones to Intl, but not in the IANA database.
  if (!/^[A-Za-z]/.test(name)) throw new BuiltinError(`unknown time zone ${name}`)
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new BuiltinError(`unknown time zone ${name}`)
  }
}

function offsetAt(clock: Intl.DateTimeFormat, seconds: number): number {
  const shown: Record<string, string> = {}
  for (const { type, value } of clock.formatToParts(new Date(seconds * 1000))) shown[type] = value
  const field = (name: string): number => Number(shown[name])
  const year = shown['era'] === 'BC' ? 1 - field('year') : field('year')
  const civil = { year, month: field('month'), day: field('day') }
  const time = { hour: field('hour') % 24, minute: field('minute'), second: field('second') }
  return secondsFromCivil({ ...civil, ...time }) - seconds
}

function abbreviationAt(name: string, seconds: number, offset: number): string {
  for (const locale of LOCALES) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: 'short' })
    const shown = format
      .formatToParts(new Date(seconds * 1000))
      .find(({ type }) => type === 'timeZoneName')?.value
    if (shown !== undefined && /^[A-Z]{2,5}$/.test(shown)) return shown
  }
  const minutes = Math.abs(Math.trunc(offset / 60))
  const digits = (value: number): string => String(value).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${digits(Math.trunc(minutes / 60))}${minutes % 60 === 0 ? '' : digits(minutes % 60)}`
}

/** The instant, in seconds since 1970, at which clocks of the zone show a time given as if it were UTC. */
export function instantOf(zone: Zone, shownSeconds: number): number {
  const first = shownSeconds - zone.offsetAt(shownSeconds)
  return shownSeconds - zone.offsetAt(first)
}
