/**
 * A stream of messages between two processes: `Bun.spawn` IPC, a socket, a message port. Messages are JSON values, and
 * arrive in order or not at all. Both ends belong to one program and trust each other.
 */
export interface Link {
  /** May throw if the link has closed. */
  send(message: unknown): void
  /** Called once, before the first message arrives. */
  onMessage(listener: (message: unknown) => void): void
  /** Called at most once, when the other end has gone. */
  onClose(listener: () => void): void
}

/** The link to the process that holds the storage has closed, or that process did not answer in time. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
}

/** Collects items, and hands them over together once the current events are processed. */
export class Outbox<T> {
  readonly #flush: (items: readonly T[]) => void
  #items: T[] = []

  constructor(flush: (items: readonly T[]) => void) {
    this.#flush = flush
  }

  add(item: T): void {
    this.#items.push(item)
    if (this.#items.length > 1) return
    setImmediate(() => {
      const items = this.#items
      this.#items = []
      this.#flush(items)
    })
  }
}
