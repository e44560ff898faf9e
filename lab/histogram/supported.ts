import type { Histogram } from './histogram.ts'

/** A percentile, or why there is none. */
export type SupportedQuantile =
  | { readonly valueUs: number; readonly insufficient?: undefined }
  | { readonly valueUs: null; readonly insufficient: string }

/** How many values must lie beyond a percentile before it is published. */
const BEYOND = 10

/**
 * How many values a percentile needs: ten beyond it, so 1,000 for the 99th and 10,000 for the 99.9th;
 * ten for the median and below. The maximum needs one.
 */
export function valuesNeeded(share: number): number {
  if (share >= 1) return 1
  return share <= 0.5 ? BEYOND : Math.round(BEYOND / (1 - share))
}

/** The percentile, if the sample supports it. */
export function supportedQuantile(histogram: Histogram, share: number): SupportedQuantile {
  const needed = valuesNeeded(share)
  if (histogram.count >= needed) return { valueUs: histogram.quantile(share) }
  const name = `p${Number((share * 100).toFixed(4))}`
  return {
    valueUs: null,
    insufficient: `${name} needs ${needed} values, there are ${histogram.count}`,
  }
}
