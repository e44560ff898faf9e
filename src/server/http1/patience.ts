import type { Http1World } from './world.ts'
import { ticksOf } from './world.ts'

const HEAD_TICKS = ticksOf(10_000)
const BODY_TICKS = ticksOf(10_000)
const FORGET_TICKS = ticksOf(5000)
const LEAVING_TICKS = ticksOf(2000)
const NEVER = Number.MAX_SAFE_INTEGER

/** How long a connection may stay in its current phase, in ticks of its listener. */
export class Patience {
  /** The tick at which it ends. */
  endTick = 0
  private readonly time: Pick<Http1World, 'tick' | 'idleTicks'>
  private idleSinceTick = 0
  private writtenBytesSeen = 0

  /** Created when the connection is opened: the time for the first head starts here. */
  constructor(time: Pick<Http1World, 'tick' | 'idleTicks'>) {
    this.time = time
    this.withHead()
  }

  get isOver(): boolean {
    return this.endTick <= this.time.tick
  }

  withHead(): void {
    this.endTick = this.time.tick + HEAD_TICKS
  }

  /** Waits for a body, as long as enough of it arrives in each period. */
  withBody(): void {
    this.endTick = this.time.tick + BODY_TICKS
  }

  withoutEnd(): void {
    this.endTick = NEVER
  }

  /**
   * Waits for an idle connection. The time ends early once, so that memory that an idle connection does not need can be
   * released.
   */
  withIdling(): void {
    const { tick, idleTicks } = this.time
    this.idleSinceTick = tick
    this.endTick = tick + Math.min(FORGET_TICKS, idleTicks)
  }

  /** Whether the connection may stay idle longer; if so, the time ends when the full idle time is over. */
  prolongIdling(): boolean {
    this.endTick = this.idleSinceTick + this.time.idleTicks
    return !this.isOver
  }

  /** Waits for a client to take what is written; `writtenBytes` is the total so far. */
  withWriting(writtenBytes: number): void {
    this.writtenBytesSeen = writtenBytes
    this.endTick = this.time.tick + this.time.idleTicks
  }

  /** Whether the client has taken anything since; if so, the time starts again. */
  prolongWriting(writtenBytes: number): boolean {
    if (writtenBytes === this.writtenBytesSeen) return false
    this.withWriting(writtenBytes)
    return true
  }

  /** Waits for a client to read the answer and close its side. */
  withLeaving(): void {
    this.endTick = this.time.tick + LEAVING_TICKS
  }
}
