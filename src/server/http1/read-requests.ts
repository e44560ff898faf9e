import type { HeadReader } from './head-reader.ts'
import type { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

/** The connection that requests come by. */
export interface ReadingHost {
  /** Whether it takes a request now. */
  readonly isReading: boolean
  /** Begins a request whose body is at `bodyAt`. Returns where the next one would be. */
  begin(head: RequestHead, bytes: Buffer, bodyAt: number): number
  /** Takes what followed a request whose answer has to be waited for. */
  store(rest: Buffer): void
  /** A head has begun, and is not complete. */
  waitForHead(): void
  /** Lets others have their turn before the rest of what this one has pipelined. */
  yieldTurn(): void
  /** Answers what cannot be read, and closes. */
  refuse(unreadable: Unreadable): void
}

/** Requests of one connection that are answered before others have their turn. */
const TURN_REQUESTS_MAX = 64

/** Reads requests one after the other, as long as each is answered at once. */
export function readRequests(reader: HeadReader, chunk: Buffer, host: ReadingHost): void {
  const bytes = reader.begin(chunk)
  let at = 0
  let requests = 0
  while (at < bytes.length && host.isReading) {
    if (requests === TURN_REQUESTS_MAX) {
      host.yieldTurn()
      break
    }
    requests += 1
    const head = reader.next(at)
    if (head === undefined) break
    if (head instanceof Unreadable) {
      reader.clear()
      return host.refuse(head)
    }
    at = host.begin(head, bytes, at + head.bytes)
  }
  if (at === bytes.length) reader.clear()
  else if (host.isReading) {
    reader.keep(at)
    host.waitForHead()
  } else {
    reader.clear()
    host.store(bytes.subarray(at))
  }
}
