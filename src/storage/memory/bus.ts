import type { Bus, BusEvent, BusMessage } from '../bus.ts'

type Listener = (event: BusEvent) => void

/** A {@link Bus} within one process. It never loses a message, so it never reports a gap. */
export function createMemoryBus(): Bus {
  return createLocalBus().bus
}

/** A bus and the means to tell its subscribers that messages may have been lost. */
export interface LocalBus {
  readonly bus: Bus
  /** Delivers an event to this process's subscribers; returns what listeners threw. */
  deliver(event: BusEvent): readonly unknown[]
}

/**
 * The in-process part of any bus. Events are delivered one after another, each to all subscribers, even if a listener
 * publishes. A listener that throws does not keep others from receiving the event.
 */
export function createLocalBus(): LocalBus {
  const listeners = new Set<Listener>()
  const waiting: BusEvent[] = []
  let delivering = false
  let open = true

  const deliver = (event: BusEvent): readonly unknown[] => {
    waiting.push(event)
    if (delivering) return []
    delivering = true
    const thrown: unknown[] = []
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for (const listener of listeners) attempt(listener, next, thrown)
    }
    delivering = false
    return thrown
  }

  const bus: Bus = {
    publish: async (message: BusMessage) => {
      if (!open) throw new Error('the bus is closed')
      const thrown = deliver({ kind: 'message', message })
      if (thrown.length > 0) throw new AggregateError(thrown, 'a bus listener failed')
    },
    subscribe: (listener) => {
      const own: Listener = (event) => listener(event)
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
    close: async () => {
      open = false
      listeners.clear()
    },
  }
  return { bus, deliver }
}

function attempt(listener: Listener, event: BusEvent, thrown: unknown[]): void {
  try {
    listener(event)
  } catch (error) {
    thrown.push(error)
  }
}
