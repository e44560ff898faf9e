import type { Random } from '../core/random.ts'
import { toHex } from '../core/bytes.ts'

/**
 * A request id in two parts. Joining them costs more than everything else about an id, and they are rarely needed
 * as one. Consecutive ids of a process share their first part.
 */
export class RequestId {
  readonly head: string
  readonly tail: string

  constructor(head: string, tail: string) {
    this.head = head
    this.tail = tail
  }

  /** The whole id. */
  get text(): string {
    return this.head + this.tail
  }
}

/** Makes request ids, and adopts those of trusted hops. */
export interface RequestIds {
  /** A new id, unique to this process and, by 60 random bits, among processes. */
  next(): RequestId
  /**
   * The incoming `x-request-id`, if the hop that sent it is trusted and it is well-formed (8 to 64 characters of
   * `A-Z a-z 0-9 . _ -`); a new id otherwise.
   */
  accept(incoming: string | null, trusted: boolean): RequestId
}

const WELL_FORMED = /^[A-Za-z0-9._-]{8,64}$/
const RADIX = 36
const PAGE = RADIX * RADIX

/** Creates a {@link RequestIds}: a random prefix for the process, then a counter, in base 36. */
export function createRequestIds(random: Random): RequestIds {
  const low = Array.from({ length: PAGE }, (_, n) => n.toString(RADIX).padStart(2, '0'))
  const prefix = BigInt(`0x1${toHex(random.bytes(8)).slice(1)}`).toString(RADIX)
  let page = 0
  let head = `${prefix}-0`
  let counter = -1
  const next = (): RequestId => {
    counter += 1
    if (counter === PAGE) {
      counter = 0
      page += 1
      head = `${prefix}-${page.toString(RADIX)}`
    }
    return new RequestId(head, low[counter]!)
  }
  return {
    next,
    accept: (incoming, trusted) =>
      trusted && incoming !== null && WELL_FORMED.test(incoming)
        ? new RequestId(incoming, '')
        : next(),
  }
}
