import { parseDurationMs } from '../../core/quantity.ts'
import type { Arguments } from './command.ts'
import { CliError, EXIT } from './exit-codes.ts'

/** Milliseconds of a duration option such as `--overlap 24h`; `0s` means none. */
export function durationOption(args: Arguments, name: string): number | undefined {
  const text = args.text(name)
  if (text === undefined) return undefined
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms <= DURATION_MS_MAX) return ms
  const reason =
    ms === undefined ? 'expected a duration such as 30s, 5m, 24h or 7d' : 'expected at most 36500d'
  throw new CliError(EXIT.usage, `--${name}: ${reason}, not ${text}`)
}

/** As {@link durationOption}, for a lifetime, which must not be zero. */
export function lifetimeOption(args: Arguments, name: string): number | undefined {
  const ms = durationOption(args, name)
  if (ms !== 0) return ms
  throw new CliError(EXIT.usage, `--${name}: expected a duration longer than ${args.text(name)}`)
}

/** A hundred years: anything longer is a typo, and may exceed the range of dates. */
const DURATION_MS_MAX = 36_500 * 86_400_000

/** Splits the `host:port` of an option; an IPv6 address is in brackets. */
export function hostAndPort(
  option: string,
  text: string,
): { readonly hostname: string; readonly port: number } {
  const found = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3])
  if (found === null || port > 65_535) {
    throw new CliError(EXIT.usage, `${option}: expected host:port, not ${text}`)
  }
  return { hostname: found[1] ?? found[2] ?? '', port }
}

/** The value of an option that must be a whole number within bounds. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new CliError(
    EXIT.usage,
    `${option}: expected a whole number from ${least} to ${most}, not ${text}`,
  )
}

/** Values of a repeatable option that may also be separated by commas. */
const listOption = (args: Arguments, name: string): string[] =>
  args
    .texts(name)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')

/** The list of an option, or `undefined` if it was not given. */
export const givenList = (args: Arguments, name: string): string[] | undefined =>
  args.texts(name).length === 0 ? undefined : listOption(args, name)

/** The members of an object that have a value, for request bodies. */
export const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** An argument encoded as a path segment. */
export const segment = (args: Arguments, name: string): string =>
  encodeURIComponent(args.required(name))
