import type { Figure, Interval, Unit } from './figure.ts'

/** Nanoseconds in one of a unit of time. */
const NANOSECONDS: Readonly<Partial<Record<Unit, number>>> = {
  nanoseconds: 1,
  microseconds: 1e3,
  milliseconds: 1e6,
  seconds: 1e9,
}

const TIME_STEPS = [
  { from: 3.6e12, per: 3.6e12, suffix: 'h' },
  { from: 120e9, per: 60e9, suffix: 'min' },
  { from: 1e9, per: 1e9, suffix: 's' },
  { from: 1e6, per: 1e6, suffix: 'ms' },
  { from: 1e3, per: 1e3, suffix: 'µs' },
  { from: 0, per: 1, suffix: 'ns' },
] as const

const BYTE_STEPS = [
  { from: 2 ** 30, per: 2 ** 30, suffix: 'GiB' },
  { from: 2 ** 20, per: 2 ** 20, suffix: 'MiB' },
  { from: 2 ** 10, per: 2 ** 10, suffix: 'KiB' },
  { from: 0, per: 1, suffix: 'B' },
] as const

/** Three significant digits, thousands grouped, no exponent: 12,300 · 1.23 · 0.0012. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–'
  if (value === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(value)))
  const decimals = Math.min(12, Math.max(0, 2 - magnitude))
  const text = Math.abs(value).toLocaleString('en-US', { maximumFractionDigits: decimals })
  return value < 0 ? `−${text}` : text
}

function scaled(
  value: number,
  steps: readonly { from: number; per: number; suffix: string }[],
): string {
  const step = steps.find(({ from }) => Math.abs(value) >= from) ?? steps.at(-1)!
  return `${formatNumber(value / step.per)} ${step.suffix}`
}

/** Does not round nearly all up to all: 99.98, not 100. */
function formatPercent(percent: number): string {
  const text = formatNumber(percent)
  if (text !== '100' || percent >= 100) return text
  return percent.toFixed(Math.min(12, Math.ceil(-Math.log10(100 - percent))))
}

/** A value with its unit, in the size a reader expects: `1.25 ms`, `3.4 MiB`, `12,300/s`, `5.1 %`. */
export function formatQuantity(value: number | null, unit: Unit): string {
  if (value === null) return '–'
  const nanoseconds = NANOSECONDS[unit]
  if (nanoseconds !== undefined) return value === 0 ? '0' : scaled(value * nanoseconds, TIME_STEPS)
  if (unit === 'bytes') return scaled(value, BYTE_STEPS)
  if (unit === 'share') return `${formatPercent(value * 100)} %`
  if (unit === 'per-second') return `${formatNumber(value)}/s`
  return formatNumber(value)
}

/** `11.9 ms to 12.8 ms (95 %)`. */
export function formatInterval(interval: Interval, unit: Unit): string {
  const bounds = `${formatQuantity(interval.low, unit)} to ${formatQuantity(interval.high, unit)}`
  return `${bounds} (${formatNumber(interval.confidence * 100)} %)`
}

/** The value of a figure, or why there is none. */
export function formatValue(figure: Figure): string {
  if (figure.value !== null) return formatQuantity(figure.value, figure.unit)
  return figure.insufficient === undefined ? 'not measured' : `insufficient: ${figure.insufficient}`
}
