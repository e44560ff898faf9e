import type { LogLinearState } from './log-linear.ts'
import type { FamilySnapshot } from './snapshot.ts'
import { LogLinearHistogram } from './log-linear.ts'

/** How long one layer takes, in nanoseconds. */
export interface LayerLatency {
  readonly layer: string
  /** Requests measured: one in N. */
  readonly samples: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p95Ns: number
  readonly p99Ns: number
  readonly maxNs: number
}

/** How long each layer takes, measured on a sample of the requests. */
export interface LayerTimings {
  /** Whether to measure this request: true for one in N. Call it once for each request. */
  sample(): boolean
  /** `layer` is an index into the list given at creation. */
  record(layer: number, ns: number): void
  latencies(): readonly LayerLatency[]
  /** The timings as a Prometheus histogram whose bounds are powers of two of a nanosecond. */
  family(): FamilySnapshot
  /** Plain JSON by layer, for {@link LayerTimings.add} in another process. */
  state(): Readonly<Record<string, LogLinearState>>
  /** Adds what another process measured; layers it does not know are left out. */
  add(state: Readonly<Record<string, LogLinearState>>): void
}

/** 2^8 ns (256 ns) to 2^34 ns (17 s), each four times the one before. */
const BOUND_POWERS = [8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34] as const
const NS_PER_SECOND = 1e9

/** Creates {@link LayerTimings} that measures one request in `oneIn`. */
export function createLayerTimings(layers: readonly string[], oneIn: number): LayerTimings {
  const histograms = layers.map(() => new LogLinearHistogram())
  let untilSample = 1
  return {
    sample() {
      untilSample -= 1
      if (untilSample > 0) return false
      untilSample = oneIn
      return true
    },
    record(layer, ns) {
      histograms[layer]!.record(ns)
    },
    latencies: () =>
      histograms.map((histogram, at) => ({ layer: layers[at] ?? '', ...summarize(histogram) })),
    family: () => ({
      name: 'tollgate_layer_duration_seconds',
      help: 'Time spent in each layer, of the requests that were measured.',
      type: 'histogram',
      merge: 'sum',
      labels: ['layer'],
      bounds: BOUND_POWERS.map((power) => 2 ** power / NS_PER_SECOND),
      series: histograms.map((histogram, at) => ({
        values: [layers[at] ?? ''],
        numbers: [...bucketCounts(histogram), histogram.sumNs / NS_PER_SECOND],
      })),
    }),
    state: () =>
      Object.fromEntries(histograms.map((histogram, at) => [layers[at] ?? '', histogram.state()])),
    add(state) {
      for (const [at, layer] of layers.entries()) {
        const added = Object.hasOwn(state, layer) ? state[layer] : undefined
        if (added !== undefined) histograms[at]?.add(added)
      }
    },
  }
}

/** Count, mean and quantiles of a histogram. */
function summarize(histogram: LogLinearHistogram): Omit<LayerLatency, 'layer'> {
  return {
    samples: histogram.count,
    meanNs: histogram.count === 0 ? 0 : Math.round(histogram.sumNs / histogram.count),
    p50Ns: Math.round(histogram.quantileNs(0.5)),
    p95Ns: Math.round(histogram.quantileNs(0.95)),
    p99Ns: Math.round(histogram.quantileNs(0.99)),
    maxNs: Math.round(histogram.maxNs),
  }
}

function bucketCounts(histogram: LogLinearHistogram): readonly number[] {
  const below = [0, ...BOUND_POWERS.map((power) => histogram.countBelow(power)), histogram.count]
  return below.slice(1).map((count, at) => count - (below[at] ?? 0))
}
