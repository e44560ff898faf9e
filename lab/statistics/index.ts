export { bootstrap, bootstrapBca, bootstrapBlocks } from './bootstrap.ts'
export type { BootstrapOptions, Statistic } from './bootstrap.ts'
export { findChangePoints, welch } from './change-points.ts'
export type { ChangePoint } from './change-points.ts'
export {
  chiSquareCdf,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from './distributions.ts'
export { holm } from './holm.ts'
export { hodgesLehmann, mannWhitney } from './mann-whitney.ts'
export type { MannWhitneyTest, Shift } from './mann-whitney.ts'
export { labelOutliers } from './outliers.ts'
export type { Outliers } from './outliers.ts'
export { wilson } from './proportion.ts'
export { fitLine, fitThroughOrigin } from './regression.ts'
export type { Line } from './regression.ts'
export { fitUsl, uslInterval, uslThroughput } from './scalability.ts'
export type { UslFit, UslParameters } from './scalability.ts'
export { signFlipTest } from './sign-flip.ts'
export type { SignFlipTest } from './sign-flip.ts'
export { findSteadyState, warmUpLength } from './steady-state.ts'
export type { SteadyState } from './steady-state.ts'
export {
  ascending,
  mean,
  median,
  medianAbsoluteDeviation,
  medianInPlace,
  quantile,
  quantileOfSorted,
  standardDeviation,
  variance,
} from './summary.ts'
export { mannKendall, theilSen } from './trend.ts'
export type { MannKendallTest, TheilSenLine } from './trend.ts'
