import type { ClaimRecord, Figure, Unit } from '../core/index.ts'
import { LabError } from '../core/index.ts'

/** A parsed expectation, such as `response.p99 < 50ms`. */
export interface Expectation {
  readonly figure: string
  readonly operator: Operator
  readonly value: number
  /** The unit that was written; `undefined` for a bare number, which is in the unit of the figure. */
  readonly unit: Suffix | undefined
  readonly text: string
}

type Operator = '<' | '<=' | '>' | '>='
type Status = ClaimRecord['status']

/** The suffixes of numbers: which units of figures each fits, and its size in each. */
const SUFFIXES = {
  ns: time(1),
  us: time(1e3),
  µs: time(1e3),
  ms: time(1e6),
  s: time(1e9),
  min: time(60e9),
  h: time(3600e9),
  '%': { share: 0.01, ratio: 0.01 },
  '/s': { 'per-second': 1 },
  x: { ratio: 1 },
  B: { bytes: 1 },
  KiB: { bytes: 2 ** 10 },
  MiB: { bytes: 2 ** 20 },
  GiB: { bytes: 2 ** 30 },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<Unit, number>>>>>

type Suffix = keyof typeof SUFFIXES

function time(nanoseconds: number) {
  return {
    nanoseconds,
    microseconds: nanoseconds / 1e3,
    milliseconds: nanoseconds / 1e6,
    seconds: nanoseconds / 1e9,
  } as const
}

const PATTERN = /^\s*([\w.:-]+)\s*(<=|>=|<|>)\s*([+-]?[\d_,]*\.?\d+)\s*(\S*)\s*$/

/**
 * Reads an expectation such as `hit.ratio > 95%` or `response.p99 < 50ms`.
 *
 * @throws {LabError} If it is not one, or its unit is not known.
 */
export function readExpectation(text: string): Expectation {
  const [, figure, operator, number, suffix = ''] = PATTERN.exec(text) ?? []
  if (figure === undefined || operator === undefined || number === undefined) {
    throw new LabError(`not an expectation such as "response.p99 < 50ms": ${text}`)
  }
  if (suffix !== '' && !Object.hasOwn(SUFFIXES, suffix)) {
    throw new LabError(`unknown unit ${suffix}; one of: ${Object.keys(SUFFIXES).join(', ')}`)
  }
  return {
    figure,
    operator: operator as Operator,
    value: Number(number.replace(/[_,]/g, '')),
    unit: suffix === '' ? undefined : (suffix as Suffix),
    text: text.trim(),
  }
}

/** The bound in the unit of the figure. */
function boundFor({ value, unit }: Expectation, figure: Figure): number | undefined {
  if (unit === undefined) return value
  const factors: Readonly<Partial<Record<Unit, number>>> = SUFFIXES[unit]
  const factor = factors[figure.unit]
  return factor === undefined ? undefined : value * factor
}

const HOLDS: Readonly<Record<Operator, (value: number, bound: number) => boolean>> = {
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

/**
 * Judges a figure by an expectation. If it has an interval, the whole interval must be within the bound; one that lies
 * on both sides is inconclusive.
 */
export function judge(
  expectation: Expectation,
  figure: Figure,
): { readonly status: Status; readonly reason: string } {
  if (figure.value === null) {
    return { status: 'inconclusive', reason: figure.insufficient ?? 'it was not measured' }
  }
  const bound = boundFor(expectation, figure)
  if (bound === undefined) {
    return {
      status: 'unknown',
      reason: `${figure.name} is in ${figure.unit}, which ${expectation.unit} is not`,
    }
  }
  const holds = (value: number) => HOLDS[expectation.operator](value, bound)
  const { low, high } = figure.interval ?? { low: figure.value, high: figure.value }
  if (holds(low) && holds(high)) return { status: 'pass', reason: 'within the budget' }
  if (!holds(low) && !holds(high)) return { status: 'fail', reason: 'outside the budget' }
  return { status: 'inconclusive', reason: 'its interval lies on both sides of the budget' }
}
