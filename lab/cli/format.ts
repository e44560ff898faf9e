import type { Figure, Unit } from '../core/index.ts'

const SCALES: Readonly<Record<Unit, readonly (readonly [suffix: string, from: number])[]>> = {
  bytes: [
    [' GB', 1e9],
    [' MB', 1e6],
    [' KB', 1e3],
    [' B', 1],
  ],
  count: [['', 1]],
  nanoseconds: [
    [' s', 1e9],
    [' ms', 1e6],
    [' µs', 1e3],
    [' ns', 1],
  ],
  microseconds: [
    [' s', 1e6],
    [' ms', 1e3],
    [' µs', 1],
  ],
  milliseconds: [
    [' s', 1e3],
    [' ms', 1],
    [' µs', 1e-3],
  ],
  seconds: [
    [' h', 3600],
    [' s', 1],
    [' ms', 1e-3],
  ],
  'per-second': [['/s', 1]],
  ratio: [['', 1]],
  share: [[' %', 0.01]],
}

/** A number as people read it: three significant digits, thousands apart, its unit. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '-'
  const scales = SCALES[unit]
  const magnitude = Math.abs(value)
  const [suffix, from] = scales.find(([, least]) => magnitude >= least) ?? scales.at(-1)!
  return `${digits(value / from)}${suffix}`
}

function digits(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude === 0) return '0'
  if (magnitude >= 100) return Math.round(value).toLocaleString('en-US')
  return magnitude >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1)
}

/** A figure with its interval: `12.4 µs (11.9 µs to 13 µs)`. */
export function formatFigure({ value, unit, interval, insufficient }: Figure): string {
  if (value === null) return `unknown: ${insufficient ?? 'not measured'}`
  const shown = formatValue(value, unit)
  if (interval === undefined) return shown
  const percent = Math.round(interval.confidence * 100)
  const range = `${formatValue(interval.low, unit)} to ${formatValue(interval.high, unit)}`
  return `${shown}  [${range}, ${percent} %]`
}
