import { quoteString } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'

const INT64_LIMIT = 2n ** 63n

const UNIT_NS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])

/** Units that Go does not have, in hours. */
const EXTENDED_HOURS: ReadonlyMap<string, number> = new Map([
  ['d', 24],
  ['w', 7 * 24],
  ['y', 365 * 24],
])

/**
 * A duration such as `1h30m`, `-1.5s` or `1d12h` in nanoseconds.
 * @throws BuiltinError `time: invalid duration …`.
 */
export function parseDuration(text: string): bigint {
  if (!/[dwy]/.test(text)) return parseStandard(text, text)
  const match = /^([+-]?)((?:[\d.]+(?:ms|us|µs|ns|[a-z]))+)$/.exec(text)
  if (match === null) throw invalid(text)
  const rewritten = (match[2] ?? '').replace(
    /([\d.]+)([dwy])(?![a-z])/g,
    (_, digits: string, unit: string) => {
      const hours = Number(digits) * (EXTENDED_HOURS.get(unit) ?? 0)
      if (Number.isNaN(hours) || hours >= 1e21) throw invalid(text)
      return `${hours < 1e-6 ? hours.toFixed(20) : hours}h`
    },
  )
  return parseStandard((match[1] ?? '') + rewritten, text)
}

function invalid(text: string, reason = 'invalid duration'): BuiltinError {
  return new BuiltinError(`time: ${reason} ${quoteString(text)}`)
}

function parseStandard(text: string, original: string): bigint {
  const negative = text.startsWith('-')
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0n
  if (rest === '') throw invalid(original)
  let total = 0n
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?([^\d.]*)/u.exec(rest)
    const [whole = '', fraction = '', name = ''] = match?.slice(1) ?? []
    if (whole + fraction === '') throw invalid(original)
    if (name === '') throw invalid(original, 'missing unit in duration')
    const unit = UNIT_NS.get(name)
    if (unit === undefined) throw invalid(original, `unknown unit ${quoteString(name)} in duration`)
    total += BigInt(whole === '' ? 0 : whole) * unit + fractionOf(fraction, unit)
    if (total > INT64_LIMIT) throw invalid(original)
    rest = rest.slice(match?.[0].length ?? rest.length)
  }
  if (!negative && total === INT64_LIMIT) throw invalid(original)
  return negative ? -total : total
}

/** The fraction of a unit after the point, computed in doubles as in Go. */
function fractionOf(digits: string, unit: bigint): bigint {
  const kept = digits.slice(0, 18)
  return kept === '' ? 0n : BigInt(Math.trunc(Number(kept) * (Number(unit) / 10 ** kept.length)))
}
