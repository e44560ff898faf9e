import type { SiblingHub, Siblings } from '../siblings.ts'
import type { Caller } from './caller.ts'
import type { Word } from './wire.ts'

/** A worker's place among its siblings, as the process that serves the storage sees it. */
export interface SiblingLink {
  tell(payload: string): Promise<boolean>
  /** The worker reports that it listens (`id` 0), or that it has acted on a word. */
  acted(id: number): void
  end(): void
}

/** The `id` by which a worker reports that it listens. */
const LISTENS = 0

/** The most words that a worker may leave open; with more it is late anyway, and they are not kept. */
const OPEN_MAX = 1024

/** Seats a worker; without a hub it has no siblings. */
export function seatWorker(
  hub: SiblingHub | undefined,
  name: string,
  send: (word: Word) => void,
): SiblingLink {
  const open = new Map<number, () => void>()
  let lastId = LISTENS
  const settleAll = (): void => {
    for (const resolve of open.values()) resolve()
    open.clear()
  }
  const seat = hub?.join(name, async (payload) => {
    const id = ++lastId
    return new Promise<void>((resolve) => {
      if (open.size < OPEN_MAX) open.set(id, resolve)
      send([id, payload])
    })
  })
  return {
    tell: async (payload) => seat?.tell(payload) ?? true,
    acted(id) {
      if (id === LISTENS) {
        // There was nothing to act on what it was told before.
        settleAll()
        seat?.attend()
      }
      open.get(id)?.()
      open.delete(id)
    },
    end() {
      seat?.leave()
      settleAll()
    },
  }
}

/** The siblings of a worker, and how it handles a word that arrives. */
export function relaySiblings(caller: () => Pick<Caller, 'call' | 'tell'>): {
  readonly siblings: Siblings
  hear(word: Word): void
} {
  let act: ((payload: string) => void | Promise<void>) | undefined
  return {
    siblings: {
      tell: async (payload) => caller().call('tellSiblings', [payload]),
      listen(next) {
        act = next
        caller().tell('acted', [LISTENS])
      },
    },
    hear([id, payload]) {
      const acted = async (): Promise<void> => {
        if (act === undefined) return
        await act(payload)
        caller().tell('acted', [id])
      }
      // A failed word has not been acted on, which its sender will notice.
      acted().catch(() => undefined)
    },
  }
}
