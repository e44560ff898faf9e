import { Holdings } from './holdings.ts'
import type { Link } from './link.ts'
import { Outbox } from './link.ts'
import type { RelayedStorage } from './operations.ts'
import { createOperations } from './operations.ts'
import { seatWorker } from './sibling-link.ts'
import type { Call, FromStorage, Operations, Reply, ToStorage } from './wire.ts'

/** Serves one process's storage to others. */
export interface RelayServer {
  /**
   * Serves a worker over a link until it closes; returns a function that ends it earlier. `name` identifies the worker
   * in logs.
   */
  connect(link: Link, name?: string): () => void
}

/**
 * Lets worker processes use the storage of this one: limits stay exact across them, and only one process writes. When a
 * worker's link closes, what it had in flight is given back.
 */
export function createRelayServer(storage: RelayedStorage): RelayServer {
  return { connect: (link, name = 'a worker') => serve(storage, link, name) }
}

function serve(storage: RelayedStorage, link: Link, name: string): () => void {
  const holdings = new Holdings(storage.counters)
  let live = true
  const outbox = new Outbox<FromStorage>((messages) => {
    if (!live) return
    try {
      link.send(messages)
    } catch {
      end()
    }
  })
  const siblings = seatWorker(storage.siblings, name, (word) => outbox.add({ word }))
  const operations = createOperations(storage, holdings, siblings)
  const unsubscribe = storage.bus.subscribe((event) => outbox.add({ event }))
  const end = (): void => {
    if (!live) return
    live = false
    unsubscribe()
    siblings.end()
    holdings.end()
  }
  link.onMessage((message) => {
    if (!live) return
    for (const call of (message as ToStorage).calls) answer(operations, call, outbox)
  })
  link.onClose(end)
  return end
}

function answer(operations: Operations, call: Call, outbox: Outbox<FromStorage>): void {
  const [id, operation, ...args] = call
  const reply = (message: Reply): void => {
    if (id !== 0) outbox.add(message)
  }
  const fail = (error: unknown): void => reply([id, false, describe(error)])
  try {
    const run = operations[operation] as (...args: readonly unknown[]) => unknown
    const value = run(...args)
    if (!(value instanceof Promise)) reply([id, true, value ?? null])
    else value.then((settled: unknown) => reply([id, true, settled ?? null]), fail)
  } catch (error) {
    fail(error)
  }
}

function describe(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message }
  return { name: 'Error', message: String(error) }
}
