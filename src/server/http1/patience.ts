import type { Http1World } from './world.ts'
import { ticksOf } from './world.ts'

const HEAD_TICKS = ticksOf(10_000)
const BODY_TICKS = ticksOf(10_000)
const FORGET_TICKS = ticksOf(5000)
const LEAVING_TICKS = ticksOf(2000)
const NEVER = Number.MAX_SAFE_INTEGER

/** How long a connection may go on with what it does, in ticks of its listener. */
export class Patience {
  /** The tick at which it ends. */
  endTick = 0
  private readonly time: Pick<Http1World, 'tick' | 'idleTicks'>
  private idleSinceTick = 0
  private writtenBytesSeen = 0

  /** The time of the first head runs from here, when the connection is made. */
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

  /** With a body, as long as enough of it comes in each such time. */
  withBody(): void {
    this.endTick = this.time.tick + BODY_TICKS
  }

  withoutEnd(): void {
    this.endTick = NEVER
  }

  /** With silence; it ends early once, so that what an idle connection does not need can be let go. */
  withIdling(): void {
    const { tick, idleTicks } = this.time
    this.idleSinceTick = tick
    this.endTick = tick + Math.min(FORGET_TICKS, idleTicks)
  }

  /** Whether silence may last longer than it has; then it ends when that is over. */
  prolongIdling(): boolean {
    this.endTick = this.idleSinceTick + this.time.idleTicks
    return !this.isOver
  }

  /** With a client that takes what is written, of which there are so many bytes by now. */
  withWriting(writtenBytes: number): void {
    this.writtenBytesSeen = writtenBytes
    this.endTick = this.time.tick + this.time.idleTicks
  }

  /** Whether the client has taken anything since; then it has as long again. */
  prolongWriting(writtenBytes: number): boolean {
    if (writtenBytes === this.writtenBytesSeen) return false
    this.withWriting(writtenBytes)
    return true
  }

  /** With a client that hears us out, or closes its side. */
  withLeaving(): void {
    this.endTick = this.time.tick + LEAVING_TICKS
  }
}
