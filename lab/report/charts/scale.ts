import type { Axis } from '../../core/index.ts'
import { formatNumber, formatQuantity } from '../../core/index.ts'

/** A mark on an axis. */
export interface Tick {
  readonly value: number
  readonly label: string
}

/** Maps values of an axis to coordinates. */
export interface Scale {
  at(value: number): number
  readonly ticks: readonly Tick[]
}

type Range = readonly [from: number, to: number]

/** Steps of 1, 2 or 5 times a power of ten, about `wanted` of them. */
function niceStep(span: number, wanted: number): number {
  const rough = span / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10
  return factor * power
}

/** The ends of a linear axis, extended to whole steps. */
export function niceDomain(low: number, high: number, wanted = 6): Range {
  if (!(high > low)) return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, low * 1.2)]
  const step = niceStep(high - low, wanted)
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step]
}

function linear(axis: Axis, domain: Range, range: Range): Scale {
  const [low, high] = domain
  const step = niceStep(high - low || 1, 6)
  const ticks: Tick[] = []
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) {
    const value = at === 0 ? 0 : at * step
    ticks.push({ value, label: formatQuantity(value, axis.unit) })
  }
  const slope = (range[1] - range[0]) / (high - low || 1)
  return { at: (value) => range[0] + (value - low) * slope, ticks }
}

function logarithmic(axis: Axis, domain: Range, range: Range): Scale {
  const low = Math.log10(Math.max(domain[0], Number.MIN_VALUE))
  const high = Math.log10(Math.max(domain[1], domain[0] * 10, Number.MIN_VALUE * 10))
  const factors = high - low > 3 ? [1] : [1, 2, 5]
  const ticks: Tick[] = []
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
    for (const factor of factors) {
      const value = factor * 10 ** power
      if (Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9) {
        ticks.push({ value, label: formatQuantity(value, axis.unit) })
      }
    }
  }
  const slope = (range[1] - range[0]) / (high - low || 1)
  const floor = 10 ** low
  return { at: (value) => range[0] + (Math.log10(Math.max(value, floor)) - low) * slope, ticks }
}

/** Spaces p by log(1/(1−p)), as percentile curves of latency are read: each nine is as wide as the last. */
function percentile(domain: Range, range: Range): Scale {
  const nines = (p: number) => -Math.log10(Math.max(1 - p, 1e-7))
  const [low, high] = [nines(domain[0]), nines(domain[1])]
  const slope = (range[1] - range[0]) / (high - low || 1)
  const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
    .filter((p) => nines(p) >= low - 1e-9 && nines(p) <= high + 1e-9)
    .map((p) => ({ value: p, label: `p${formatExact(p * 100)}` }))
  return { at: (p) => range[0] + (nines(p) - low) * slope, ticks }
}

function formatExact(value: number): string {
  return formatNumber(value).length > 4
    ? String(Math.round(value * 1e6) / 1e6)
    : formatNumber(value)
}

/** A scale for an axis whose data spans `domain`, drawn over `range`. */
export function createScale(axis: Axis, domain: Range, range: Range): Scale {
  if (axis.scale === 'log') return logarithmic(axis, domain, range)
  if (axis.scale === 'percentile') return percentile(domain, range)
  return linear(axis, domain, range)
}
