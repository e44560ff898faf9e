import type { HeadReader } from './head-reader.ts'
import type { RequestHead } from './request-head.ts'
import { Unreadable } from './unreadable.ts'

/** The connection on which requests arrive. */
export interface ReadingHost {
  /** Whether it accepts a request now. */
  readonly isReading: boolean
  /** Begins a request whose body starts at `bodyAt`. Returns where the next request would start. */
  begin(head: RequestHead, bytes: Buffer, bodyAt: number): number
  /** Keeps what follows a request that is still being answered. */
  store(rest: Buffer): void
  /** A head has begun but is not complete. */
  waitForHead(): void
  /** Gives other connections a turn before the rest of the pipelined requests. */
  yieldTurn(): void
  /** Answers an unreadable request, and closes. */
  refuse(unreadable: Unreadable): void
}

/** How many requests of one connection are answered before others get a turn. */
const TURN_REQUESTS_MAX = 64

/** Reads requests one after another, as long as each is answered at once. */
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
