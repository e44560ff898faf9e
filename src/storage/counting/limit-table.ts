import type { CounterShape } from '../counters.ts'
import type { Arena } from './arena.ts'
import type { CalendarWindow } from './calendar.ts'
import { placeWindow } from './calendar.ts'
import { TAG_BUCKET, TAG_CALENDAR, TAG_CONCURRENCY, TAG_FREE } from './lanes.ts'

/** Stands for the kind of sliding windows, whose tag is their length. */
export const SLIDING = 1

/** The counters of one name: their number in the arena, and the shape last asked for. */
export class LimitTable {
  readonly name: string
  /** What the arena knows it by. */
  readonly number: number
  /** The window of the calendar that was current when last asked. */
  readonly window: CalendarWindow = { startMs: 0, endMs: 0 }
  #shape: CounterShape | undefined = undefined
  /** The tag of the shape's kind; {@link SLIDING} for sliding windows. */
  kind: number = TAG_FREE
  limit = 0
  /** Units that fit at once. */
  capacity = 0
  /** Length of a sliding window; 0 for other kinds. */
  windowMs = 0
  /** Milliseconds in which a bucket lets one unit go; 0 for other kinds. */
  unitMs = 0

  constructor(name: string, arena: Pick<Arena, 'adopt'>) {
    this.name = name
    this.number = arena.adopt(this)
  }

  /** Prepares for a shape at a time; next to free when the shape is the one of last time. */
  use(shape: CounterShape, wallMs: number): void {
    if (shape !== this.#shape) this.#compile(shape)
    if (shape.kind === 'calendar') placeWindow(shape, wallMs, this.window)
  }

  #compile(shape: CounterShape): void {
    this.#shape = shape
    this.limit = shape.limit
    this.capacity = shape.kind === 'bucket' ? shape.burst : shape.limit
    this.windowMs = shape.kind === 'sliding' ? shape.windowMs : 0
    this.unitMs = shape.kind === 'bucket' ? shape.windowMs / shape.limit : 0
    this.kind = KIND[shape.kind]
    this.window.startMs = 0
    this.window.endMs = 0
  }
}

const KIND = {
  bucket: TAG_BUCKET,
  sliding: SLIDING,
  calendar: TAG_CALENDAR,
  concurrency: TAG_CONCURRENCY,
} as const
