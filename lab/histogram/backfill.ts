import type { Histogram } from './histogram.ts'
import { createHistogram } from './histogram.ts'

/**
 * Estimates what an open load would have seen from what a closed load saw: every value longer than the interval at
 * which a user was expected to send again also stands for the requests that were held back behind it (HdrHistogram's
 * correction for coordinated omission).
 *
 * It is an estimate, because those requests were never sent. Open loads need none.
 */
export function backfill(histogram: Histogram, expectedIntervalUs: number): Histogram {
  if (!(expectedIntervalUs > 0)) throw new RangeError('the expected interval must be positive')
  const filled = createHistogram(histogram.subBucketBits)
  filled.add(histogram)
  for (const { highestUs, count } of histogram.cells()) {
    const value = Math.min(highestUs, histogram.maxUs)
    for (
      let held = value - expectedIntervalUs;
      held >= expectedIntervalUs;
      held -= expectedIntervalUs
    ) {
      filled.recordMany(held, count)
    }
  }
  return filled
}
