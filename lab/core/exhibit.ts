import type { Interval, Unit } from './figure.ts'

/** A point of a curve: `[x, y]`. */
export type Point = readonly [x: number, y: number]

/** A named line of a chart. `dashed` marks extrapolation: nothing was measured there. */
export interface Series {
  readonly label: string
  readonly points: readonly Point[]
  readonly band?: readonly (readonly [x: number, low: number, high: number])[]
  readonly dashed?: boolean
  readonly marks?: boolean
  /** `false`: points only, without a line that joins them. */
  readonly joined?: boolean
}

/** An axis: its label, unit and scale. `percentile` spaces p by log(1/(1-p)). */
export interface Axis {
  readonly label: string
  readonly unit: Unit
  readonly scale?: 'linear' | 'log' | 'percentile'
}

/** A span of the x axis with a name: a fault, a phase, a warm-up that was discarded. */
export interface Span {
  readonly label: string
  readonly from: number
  readonly to: number
}

interface Captioned {
  /** Unique within its experiment; becomes an anchor. */
  readonly id: string
  readonly title: string
  /** What a reader should take from it, in a sentence; also the accessible description. */
  readonly caption: string
}

/** Effects with intervals, shown against a band within which differences cannot be distinguished. */
export interface ForestPlot extends Captioned {
  readonly kind: 'forest'
  readonly unit: Unit
  readonly axisLabel: string
  /** The A/A floor: half-width of the difference that is seen here when there is none. */
  readonly floor?: number
  readonly rows: readonly {
    readonly label: string
    readonly value: number
    readonly interval: Interval
    readonly distinguishable: boolean
  }[]
}

/** Costs that add up to a whole, with the remainder that none of them explains. */
export interface Waterfall extends Captioned {
  readonly kind: 'waterfall'
  readonly unit: Unit
  readonly steps: readonly {
    readonly label: string
    readonly value: number
    readonly role: 'total' | 'part' | 'remainder'
  }[]
}

/** Lines over a common x axis: percentile curves, knees, timelines, ladders, scaling, a leak's cone. */
export interface LineChart extends Captioned {
  readonly kind: 'lines'
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  readonly spans?: readonly Span[]
  /** Horizontal lines: an objective, a budget, a measured limit. */
  readonly levels?: readonly { readonly label: string; readonly value: number }[]
}

/** Latency over time as counts per cell: `counts[column][row]`. */
export interface HeatMap extends Captioned {
  readonly kind: 'heat-map'
  readonly x: Axis
  readonly y: Axis
  /** Edges of the columns (time) and rows (latency): one more than there are columns and rows. */
  readonly columnEdges: readonly number[]
  readonly rowEdges: readonly number[]
  readonly counts: readonly (readonly number[])[]
  readonly spans?: readonly Span[]
}

/** A node of a flame graph; `value` in samples or bytes, including its children. */
export interface FlameNode {
  readonly name: string
  readonly value: number
  /** Difference from a baseline in the same unit, when two profiles are compared. */
  readonly delta?: number
  readonly children: readonly FlameNode[]
}

/** Where the time (or the memory) goes. */
export interface FlameGraph extends Captioned {
  readonly kind: 'flame-graph'
  readonly unit: 'samples' | 'bytes'
  readonly root: FlameNode
}

/** Rows and columns; a cell is text or a number with the column's unit. */
export interface Table extends Captioned {
  readonly kind: 'table'
  readonly columns: readonly { readonly label: string; readonly unit?: Unit }[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** Something a result shows, as data; the report draws it. */
export type Exhibit = FlameGraph | ForestPlot | HeatMap | LineChart | Table | Waterfall
