export { backfill } from './backfill.ts'
export { VALUE_MAX } from './cells.ts'
export {
  COARSE_BITS,
  FINE_BITS,
  createHistogram,
  histogramFrom,
  mergeHistograms,
} from './histogram.ts'
export type { Histogram, HistogramData } from './histogram.ts'
export { supportedQuantile, valuesNeeded } from './supported.ts'
export type { SupportedQuantile } from './supported.ts'
