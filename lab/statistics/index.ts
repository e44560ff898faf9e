export { alikeness, wideningOf } from './alikeness.ts'
export { bootstrap, expandedTail } from './bootstrap.ts'
export { findChangePoints } from './change-points.ts'
export { studentQuantile } from './distributions.ts'
export { holm } from './holm.ts'
export { hodgesLehmann, mannWhitney } from './mann-whitney.ts'
export { labelOutliers } from './outliers.ts'
export type { Outliers } from './outliers.ts'
export { wilson } from './proportion.ts'
export { fitThroughOrigin } from './regression.ts'
export { fitUsl, uslInterval, uslThroughput } from './scalability.ts'
export type { UslFit } from './scalability.ts'
export { signFlipTest } from './sign-flip.ts'
export { findSteadyState } from './steady-state.ts'
export {
  mean,
  median,
  medianInPlace,
  quantile,
  quantileOfSorted,
  standardDeviation,
} from './summary.ts'
export { mannKendall, theilSen } from './trend.ts'
