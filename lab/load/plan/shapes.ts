import type { Profile, Segment } from './profile.ts'

/** Parameters of a shape. Levels are requests per second, or users. */
export interface ShapeOptions {
  readonly level: number
  readonly durationMs: number
  /** The level at which ramps begin, and between bursts, spikes and waves. */
  readonly base?: number
  /** Number of stairs, bursts or waves. */
  readonly count?: number
}

type Shape = (options: ShapeOptions) => Profile

const SINE_PIECES = 64

const flat = (durationMs: number, level: number): Segment => ({
  durationMs,
  from: level,
  to: level,
})
const repeat = (count: number, piece: (at: number) => Profile): Profile =>
  Array.from({ length: count }, (_, at) => piece(at)).flat()

/** A constant level. */
const steady: Shape = ({ durationMs, level }) => [flat(durationMs, level)]

/** Linear growth from the base to the level. */
const ramp: Shape = ({ durationMs, level, base = 0 }) => [{ durationMs, from: base, to: level }]

/** Equal steps up to the level. */
const stairs: Shape = ({ durationMs, level, base = 0, count = 5 }) =>
  repeat(count, (at) => [flat(durationMs / count, base + ((level - base) * (at + 1)) / count)])

/** The base, with the level for a fifth of each period. */
const burst: Shape = ({ durationMs, level, base = level / 10, count = 5 }) =>
  repeat(count, () => [
    flat((durationMs / count) * 0.8, base),
    flat((durationMs / count) * 0.2, level),
  ])

/** The base, the level for the middle tenth, then the base again: does the server recover? */
const spike: Shape = ({ durationMs, level, base = level / 10 }) => [
  flat(durationMs * 0.45, base),
  flat(durationMs * 0.1, level),
  flat(durationMs * 0.45, base),
]

/** Up in the first third, held for the second, half as much again in the last. */
const stress: Shape = ({ durationMs, level, base = level / 10 }) => [
  { durationMs: durationMs / 3, from: base, to: level },
  flat(durationMs / 3, level),
  flat(durationMs / 3, level * 1.5),
]

/** A short ramp, then a constant level; meant to run for hours. */
const soak: Shape = ({ durationMs, level }) => {
  const rampMs = Math.min(durationMs / 10, 60_000)
  return [{ durationMs: rampMs, from: 0, to: level }, flat(durationMs - rampMs, level)]
}

/** Waves between the base and the level, each in 64 straight pieces. */
const sine: Shape = ({ durationMs, level, base = level / 10, count = 3 }) => {
  const middle = (level + base) / 2
  const swing = (level - base) / 2
  const at = (piece: number) => middle - swing * Math.cos((2 * Math.PI * piece) / SINE_PIECES)
  const durationOfPiece = durationMs / count / SINE_PIECES
  return repeat(count * SINE_PIECES, (piece) => [
    { durationMs: durationOfPiece, from: at(piece), to: at(piece + 1) },
  ])
}

/** The shapes of load by name. */
export const SHAPES = {
  steady,
  ramp,
  stairs,
  burst,
  spike,
  stress,
  soak,
  sine,
} as const satisfies Readonly<Record<string, Shape>>

/** The name of a shape. */
export type ShapeName = keyof typeof SHAPES

/** Whether a text names a shape. */
export const isShapeName = (text: string): text is ShapeName => Object.hasOwn(SHAPES, text)
