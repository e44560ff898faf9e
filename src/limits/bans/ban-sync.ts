import type { Bus } from '../../storage/index.ts'
import type { Ban, BanKind } from './ban.ts'
import type { BanIndex } from './ban-index.ts'
import type { BanStore } from './ban-store.ts'

/** Keeps the index in memory, the rows on disk and the other instances in step. */
export interface BanSync {
  /** Reads all rows into the index. */
  reload(): Promise<void>
  /** Writes a ban immediately; resolves with its row once that is on disk. */
  save(ban: Ban): Promise<Ban>
  /** Removes a ban immediately; resolves once that is on disk. */
  remove(ban: Ban): Promise<void>
  /** Removes a row unless it has been written since it was read. */
  prune(ban: Ban): Promise<void>
  /** Puts a ban in force in this process at once and writes it soon. */
  saveSoon(ban: Ban): void
  /** Lifts a ban in this process at once and on disk soon. */
  removeSoon(ban: Ban): void
  /** Retries the writes that failed. */
  retry(): Promise<void>
  /** Resolves when everything begun so far is done, or has failed and was reported. */
  flush(): Promise<void>
  close(): Promise<void>
}

const TOPIC = 'bans'
const WRITES_AT_ONCE = 64

/** What {@link createBanSync} needs; `backlogMax` bounds how many rows may wait to be written. */
export interface BanSyncParts {
  readonly index: BanIndex
  readonly store: BanStore
  readonly bus: Bus
  readonly backlogMax: () => number
  readonly onFailure: (error: unknown) => void
}

interface Pending {
  readonly ban: Ban
  readonly gone: boolean
}

const placeOf = (kind: BanKind, subject: string): string => JSON.stringify([kind, subject])

/** Creates a {@link BanSync} and begins to listen on the bus. */
export function createBanSync(parts: BanSyncParts): BanSync {
  const { index, store, bus, backlogMax, onFailure } = parts
  const backlog = new Map<string, Pending>()
  let queue: Promise<void> = Promise.resolve()
  let drainIsDue = false
  let reloadIsDue = false

  // One job at a time, so that an older read never overwrites a newer one.
  const enqueue = async <T>(job: () => Promise<T>): Promise<T> => {
    const done = queue.then(job)
    queue = done.then(ignore, ignore)
    return done
  }
  const background = (job: () => Promise<void>): void => {
    enqueue(job).catch(onFailure)
  }
  const announce = async ({ kind, subject }: Ban): Promise<void> =>
    bus.publish({ topic: TOPIC, payload: placeOf(kind, subject) })

  const write = async (ban: Ban): Promise<Ban> => {
    const saved = await store.save(ban)
    index.put(saved)
    await announce(saved)
    return saved
  }
  const erase = async (ban: Ban): Promise<void> => {
    index.remove(ban.kind, ban.subject)
    await store.remove(ban)
    await announce(ban)
  }
  const settle = async ([place, pending]: readonly [string, Pending]): Promise<void> => {
    if (backlog.get(place) !== pending) return
    await (pending.gone ? erase(pending.ban) : write(pending.ban))
    if (backlog.get(place) === pending) backlog.delete(place)
  }
  const drain = async (): Promise<void> => {
    drainIsDue = false
    const waiting = [...backlog]
    for (let start = 0; start < waiting.length; start += WRITES_AT_ONCE) {
      const batch = waiting.slice(start, start + WRITES_AT_ONCE)
      const results = await Promise.allSettled(batch.map(settle))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
  }
  const later = (pending: Pending): void => {
    backlog.set(placeOf(pending.ban.kind, pending.ban.subject), pending)
    if (drainIsDue) return
    drainIsDue = true
    background(drain)
  }

  const reload = async (): Promise<void> => {
    const rows = await store.all()
    for (const ban of index.rows()) index.remove(ban.kind, ban.subject)
    for (const ban of rows) index.put(ban)
    for (const { ban, gone } of backlog.values()) {
      if (gone) index.remove(ban.kind, ban.subject)
      else index.put(ban)
    }
  }
  const reloadOnce = async (): Promise<void> => {
    reloadIsDue = false
    await reload()
  }
  const refresh = async (kind: BanKind, subject: string): Promise<void> => {
    const ban = await store.find(kind, subject)
    if (backlog.has(placeOf(kind, subject))) return
    if (ban === undefined) index.remove(kind, subject)
    else index.put(ban)
  }

  const unsubscribe = bus.subscribe((event) => {
    if (event.kind === 'gap') {
      // Gaps may follow each other faster than a slow store can be read.
      if (!reloadIsDue) background(reloadOnce)
      reloadIsDue = true
      return
    }
    const place = event.message.topic === TOPIC ? parsePlace(event.message.payload) : undefined
    if (place !== undefined) background(async () => refresh(...place))
  })
  const flush = async (): Promise<void> => {
    let awaited: Promise<void>
    do {
      awaited = queue
      await awaited
    } while (awaited !== queue)
  }

  return {
    reload: async () => enqueue(reload),
    save: async (ban) => {
      backlog.delete(placeOf(ban.kind, ban.subject))
      return enqueue(async () => write(ban))
    },
    remove: async (ban) => {
      backlog.delete(placeOf(ban.kind, ban.subject))
      return enqueue(async () => erase(ban))
    },
    prune: async (ban) =>
      enqueue(async () => {
        if (await store.remove(ban, ban.version)) index.remove(ban.kind, ban.subject)
        else await refresh(ban.kind, ban.subject)
      }),
    saveSoon(ban) {
      index.put(ban)
      later({ ban, gone: false })
    },
    removeSoon(ban) {
      index.remove(ban.kind, ban.subject)
      const place = placeOf(ban.kind, ban.subject)
      if (backlog.has(place) || backlog.size < backlogMax()) later({ ban, gone: true })
    },
    async retry() {
      if (backlog.size > 0) background(drain)
      await flush()
    },
    flush,
    async close() {
      unsubscribe()
      await flush()
    },
  }
}

function ignore(): void {}

function parsePlace(payload: string): readonly [BanKind, string] | undefined {
  try {
    const place: unknown = JSON.parse(payload)
    if (!Array.isArray(place)) return undefined
    const [kind, subject]: readonly unknown[] = place
    const isKind = kind === 'address' || kind === 'key'
    return isKind && typeof subject === 'string' ? [kind, subject] : undefined
  } catch {
    return undefined
  }
}
