import type { Claim, CounterShape } from '../counters.ts'
import type { Arena } from './arena.ts'
import type { CalendarWindow } from './calendar.ts'
import { placeWindow } from './calendar.ts'
import { BUCKET, CALENDAR, CONCURRENCY, NEW } from './lanes.ts'
import type { WindowLengths } from './window-lengths.ts'

/** The counters of one name: their number in the arena, and the shape that was last used. */
export class LimitTable {
  readonly name: string
  /** Its number in the arena. */
  readonly number: number
  /** The calendar window that was current at the last use. */
  readonly window: CalendarWindow = { startMs: 0, endMs: 0 }
  #shape: CounterShape | undefined = undefined
  /** The kind of the shape's counters. */
  kind: number = NEW
  limit = 0
  /** Units that fit at once. */
  capacity = 0
  /** Length of a sliding window; 0 for other kinds. */
  windowMs = 0
  /** Milliseconds in which a bucket drains one unit; 0 for other kinds. */
  unitMs = 0
  /** Working values of the take being decided: where its counter is, and what it will have used. */
  slot = -1
  wanted = 0
  readonly #lengths: WindowLengths

  constructor(name: string, arena: Pick<Arena, 'adopt' | 'lengths'>) {
    this.name = name
    this.#lengths = arena.lengths
    this.number = arena.adopt(this)
  }

  /** Prepares for a shape and time; almost free if the shape is the same as last time. */
  use(shape: CounterShape, wallMs: number): void {
    if (shape !== this.#shape) this.#compile(shape)
    if (shape.kind === 'calendar') placeWindow(shape, wallMs, this.window)
  }

  /** Whether {@link LimitTable.use} would change nothing for a claim of these counters. */
  isReady({ name, shape }: Claim, wallMs: number): boolean {
    if (shape !== this.#shape || name !== this.name) return false
    return this.kind !== CALENDAR || (wallMs >= this.window.startMs && wallMs < this.window.endMs)
  }

  #compile(shape: CounterShape): void {
    this.kind = shape.kind === 'sliding' ? this.#lengths.kindOf(shape.windowMs) : KIND[shape.kind]
    this.#shape = shape
    this.limit = shape.limit
    this.capacity = shape.kind === 'bucket' ? shape.burst : shape.limit
    this.windowMs = shape.kind === 'sliding' ? shape.windowMs : 0
    this.unitMs = shape.kind === 'bucket' ? shape.windowMs / shape.limit : 0
    this.window.startMs = 0
    this.window.endMs = 0
  }
}

const KIND = { bucket: BUCKET, calendar: CALENDAR, concurrency: CONCURRENCY } as const
