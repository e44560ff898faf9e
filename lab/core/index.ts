export type {
  Axis,
  Exhibit,
  FlameGraph,
  FlameNode,
  ForestPlot,
  HeatMap,
  LineChart,
  Point,
  Series,
  Span,
  Table,
  Waterfall,
} from './exhibit.ts'
export { LabError } from './experiment.ts'
export type { Experiment, Json, Outcome } from './experiment.ts'
export type { Figure, Interval, Unit } from './figure.ts'
export { formatInterval, formatNumber, formatQuantity, formatValue } from './quantity.ts'
export { createRandom } from './random.ts'
export type { Random } from './random.ts'
export { readJson } from './read-json.ts'
export { RECORD_FORMAT } from './record.ts'
export type { ClaimRecord, ExperimentRecord, Fingerprint, LabRecord } from './record.ts'
export type { Trust } from './trust.ts'
export { EXIT_CODE, worst } from './verdict.ts'
export type { Judgement, Verdict } from './verdict.ts'
export type { Progress, World } from './world.ts'
