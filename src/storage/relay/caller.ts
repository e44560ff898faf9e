import type { Clock } from '../../core/clock.ts'
import type { BusEvent } from '../bus.ts'
import type { Link } from './link.ts'
import { Outbox, RelayError } from './link.ts'
import type { Call, FromStorage, Operation, Operations, Reply, Word } from './wire.ts'

/** The limits on how long calls may take and how many may wait, and the events of the link. */
export interface CallerOptions {
  readonly link: Link
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** A call that is not answered in this time is rejected. */
  readonly timeoutMs: number
  /** The most calls that may wait at the same time; further ones are rejected at once. */
  readonly pendingMax: number
  onEvent(event: BusEvent): void
  onWord(word: Word): void
  /** The link has closed; called once. */
  onLost(): void
}

interface Pending {
  readonly deadlineMs: number
  resolve(value: unknown): void
  reject(error: Error): void
  /** Called with a value that arrived after the deadline. */
  readonly tooLate: ((value: unknown) => void) | undefined
  expired: boolean
}

type Arguments<O extends Operation> = Parameters<Operations[O]>
type Result<O extends Operation> = Awaited<ReturnType<Operations[O]>>

/**
 * The worker's end of a relay. It numbers calls, matches replies, and never leaves a caller waiting: each call is
 * answered, times out, or is rejected when the link is lost.
 */
export class Caller {
  readonly #options: CallerOptions
  readonly #outbox: Outbox<Call>
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #lost = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: CallerOptions) {
    this.#options = options
    this.#outbox = new Outbox((calls) => this.#send(calls))
    options.link.onMessage((message) => this.#receive(message as readonly FromStorage[]))
    options.link.onClose(() => this.#lose())
  }

  /** Makes a call. `tooLate` is called with the value if it arrives after the call has timed out. */
  async call<O extends Operation>(
    operation: O,
    args: Arguments<O>,
    tooLate?: (value: Result<O>) => void,
  ): Promise<Result<O>> {
    if (this.#lost) throw lost()
    if (this.#pending.size >= this.#options.pendingMax) {
      throw new RelayError('too many calls to the storage process are waiting')
    }
    return new Promise<Result<O>>((resolve, reject) => {
      const id = ++this.#lastId
      const deadlineMs = this.#options.clock.monotonicMs() + this.#options.timeoutMs
      this.#pending.set(id, {
        deadlineMs,
        resolve,
        reject,
        tooLate: tooLate as ((value: unknown) => void) | undefined,
        expired: false,
      })
      this.#outbox.add([id, operation, ...args])
      this.#timer ??= this.#wait(this.#options.timeoutMs)
    })
  }

  /** Sends a call that needs no reply. */
  tell<O extends Operation>(operation: O, args: Arguments<O>): void {
    if (!this.#lost) this.#outbox.add([0, operation, ...args])
  }

  #send(calls: readonly Call[]): void {
    if (this.#lost) return
    try {
      this.#options.link.send({ calls })
    } catch {
      this.#lose()
    }
  }

  #receive(messages: readonly FromStorage[]): void {
    for (const message of messages) {
      if ('event' in message) this.#options.onEvent(message.event)
      else if ('word' in message) this.#options.onWord(message.word)
      else this.#settle(message)
    }
  }

  #settle([id, ok, value]: Reply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#pending.delete(id)
    if (pending.expired) {
      if (ok) pending.tooLate?.(value)
    } else if (ok) pending.resolve(value)
    else pending.reject(Object.assign(new Error(value.message), { name: value.name }))
  }

  #lose(): void {
    if (this.#lost) return
    this.#lost = true
    clearTimeout(this.#timer)
    for (const pending of this.#pending.values()) if (!pending.expired) pending.reject(lost())
    this.#pending.clear()
    this.#options.onLost()
  }

  #wait(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#expire(), ms)
  }

  /** All calls have the same timeout, so the oldest expires first. */
  #expire(): void {
    this.#timer = undefined
    const now = this.#options.clock.monotonicMs()
    for (const [id, pending] of this.#pending) {
      if (pending.expired) continue
      if (pending.deadlineMs > now) {
        this.#timer = this.#wait(pending.deadlineMs - now)
        return
      }
      pending.expired = true
      if (pending.tooLate === undefined) this.#pending.delete(id)
      const ms = this.#options.timeoutMs
      pending.reject(new RelayError(`the storage process did not answer within ${ms} ms`))
    }
  }
}

function lost(): RelayError {
  return new RelayError('the link to the storage process is lost')
}
