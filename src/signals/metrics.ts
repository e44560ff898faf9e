import type { FamilySnapshot, MergeRule, MetricsSnapshot } from './snapshot.ts'
import type { SlotTable } from './slots.ts'
import { renderSnapshot } from './exposition.ts'
import { createSlotTable } from './slots.ts'

/** A family of series. Slots are allocated when routes are compiled, so the hot path deals only in integers. */
export interface FamilyOptions {
  /** Full name, e.g. `tollgate_decisions_total` (Prometheus naming rules). */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  /** The most series it may have; any more share the label value `other`. Default 256. */
  readonly slotsMax?: number
}

/** A number that only grows. */
export interface Counter {
  slot(...labels: readonly string[]): number
  add(slot: number, amount?: number): void
  /** Sets the total, for counts that are kept elsewhere and read at scrape time. */
  set(slot: number, total: number): void
  value(slot: number): number
}

/** A number that goes up and down. */
export interface Gauge {
  slot(...labels: readonly string[]): number
  set(slot: number, value: number): void
  add(slot: number, amount: number): void
  value(slot: number): number
}

/** Observations in fixed buckets. */
export interface Histogram {
  slot(...labels: readonly string[]): number
  observe(slot: number, value: number): void
  count(slot: number): number
  sum(slot: number): number
}

/** A registry of families, rendered at each scrape. */
export interface Metrics {
  counter(options: FamilyOptions): Counter
  /** `merge` says how the readings of several processes become one; default `sum`. */
  gauge(options: FamilyOptions & { readonly merge?: MergeRule }): Gauge
  /** `bounds` are upper bounds, ascending, without +Inf. */
  histogram(options: FamilyOptions & { readonly bounds: readonly number[] }): Histogram
  /** Adds families that are built on demand (from log-linear histograms, for instance). */
  source(build: () => readonly FamilySnapshot[]): void
  /** Registers a function that runs before each snapshot, for instance to set gauges. */
  beforeSnapshot(update: () => void): void
  /** All series as plain JSON: to be sent between processes and merged. */
  snapshot(): MetricsSnapshot
  /** Prometheus text exposition format 0.0.4. */
  render(): string
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const SLOTS_MAX = 256

/** Creates an empty {@link Metrics} registry. */
export function createMetrics(): Metrics {
  const names = new Set<string>()
  const builders: (() => readonly FamilySnapshot[])[] = []
  const updates: (() => void)[] = []

  const table = (options: FamilyOptions, reserved: readonly string[] = []): SlotTable => {
    const labels = options.labels ?? []
    const wrong = labels.find((label) => !LABEL.test(label) || reserved.includes(label))
    if (!NAME.test(options.name)) throw new RangeError(`not a metric name: ${options.name}`)
    if (wrong !== undefined) throw new RangeError(`not a label name: ${wrong}`)
    if (names.has(options.name)) throw new RangeError(`metric declared twice: ${options.name}`)
    names.add(options.name)
    return createSlotTable(labels, options.slotsMax ?? SLOTS_MAX)
  }

  const scalar = (
    type: 'counter' | 'gauge',
    options: FamilyOptions & { readonly merge?: MergeRule },
  ): ScalarFamily => {
    const slots = table(options)
    const family = new ScalarFamily(slots, options.slotsMax ?? SLOTS_MAX)
    builders.push(() => [
      {
        name: options.name,
        help: options.help,
        type,
        merge: options.merge ?? 'sum',
        labels: slots.labels,
        series: slots.used().map(({ slot, values }) => ({ values, numbers: [family.value(slot)] })),
      },
    ])
    return family
  }

  const snapshot = (): MetricsSnapshot => {
    for (const update of updates) update()
    return { families: builders.flatMap((build) => build()) }
  }

  return {
    counter: (options) => scalar('counter', options),
    gauge: (options) => scalar('gauge', options),
    histogram(options) {
      const slots = table(options, ['le'])
      const family = new HistogramFamily(slots, options.bounds, options.slotsMax ?? SLOTS_MAX)
      builders.push(() => [
        {
          name: options.name,
          help: options.help,
          type: 'histogram',
          merge: 'sum',
          labels: slots.labels,
          bounds: options.bounds,
          series: slots
            .used()
            .map(({ slot, values }) => ({ values, numbers: family.numbers(slot) })),
        },
      ])
      return family
    },
    source: (build) => void builders.push(build),
    beforeSnapshot: (update) => void updates.push(update),
    snapshot,
    render: () => renderSnapshot(snapshot()),
  }
}

class ScalarFamily implements Counter, Gauge {
  readonly #slots: SlotTable
  readonly #values: Float64Array

  constructor(slots: SlotTable, slotsMax: number) {
    this.#slots = slots
    this.#values = new Float64Array(slotsMax)
  }

  slot(...labels: readonly string[]): number {
    return this.#slots.slot(labels)
  }

  add(slot: number, amount = 1): void {
    this.#values[slot]! += amount
  }

  set(slot: number, value: number): void {
    this.#values[slot] = value
  }

  value(slot: number): number {
    return this.#values[slot] ?? 0
  }
}

class HistogramFamily implements Histogram {
  readonly #slots: SlotTable
  readonly #bounds: Float64Array
  /** For each slot, one count per bucket, that of +Inf last. */
  readonly #counts: Float64Array
  readonly #sums: Float64Array
  readonly #stride: number

  constructor(slots: SlotTable, bounds: readonly number[], slotsMax: number) {
    if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? bound))) {
      throw new RangeError('histogram bounds must ascend')
    }
    this.#slots = slots
    this.#bounds = Float64Array.from(bounds)
    this.#stride = bounds.length + 1
    this.#counts = new Float64Array(slotsMax * this.#stride)
    this.#sums = new Float64Array(slotsMax)
  }

  slot(...labels: readonly string[]): number {
    return this.#slots.slot(labels)
  }

  observe(slot: number, value: number): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++
    this.#counts[slot * this.#stride + bucket]! += 1
    this.#sums[slot]! += value
  }

  count(slot: number): number {
    return this.#buckets(slot).reduce((total, count) => total + count, 0)
  }

  sum(slot: number): number {
    return this.#sums[slot] ?? 0
  }

  /** The count of each bucket (not cumulative), then the sum. */
  numbers(slot: number): readonly number[] {
    return [...this.#buckets(slot), this.sum(slot)]
  }

  #buckets(slot: number): Float64Array {
    return this.#counts.subarray(slot * this.#stride, (slot + 1) * this.#stride)
  }
}
