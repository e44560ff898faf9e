import { setImmediate } from 'node:timers/promises'
import type { Claim } from '../counters.ts'
import type { Change, Reader, Records } from '../records.ts'
import { updatePresent } from '../update-present.ts'
import type { CounterRow } from './counter-rows.ts'
import { COUNTER_ROWS, counterId } from './counter-rows.ts'
import type { CounterEngine } from './engine.ts'
import type { CalendarUse, StoredUse } from './stored-use.ts'

type CounterUpdate = Extract<Change, { readonly op: 'update' }>

const CHUNK_MIN = 8
/** At most this share of a limit is reserved ahead of use. */
const CHUNK_SHARE = 1 / 64
/** How often writing a row is tried that others insert or remove meanwhile. */
const ATTEMPTS = 4
const CLEAN_EVERY_MS = 60_000
/** Small, so that requests are answered between two pages. */
const CLEAN_PAGE = 64
/** Rows settled in one transaction. There is no other work at that time, and each transaction waits for the disk. */
const SETTLE_BATCH = 10_000

/** Units of a limit put on disk ahead of use. */
export function chunkOf(limit: number): number {
  return Math.min(limit, Math.max(CHUNK_MIN, Math.ceil(limit * CHUNK_SHARE)))
}

/**
 * Keeps calendars on disk without a write for each request. Units are reserved in chunks, which are written before they
 * are used. What a crash leaves reserved counts as used, so after a restart, refusals begin at most two chunks early,
 * and nothing is refunded.
 */
export class ReservationKeeper {
  readonly #records: Records
  readonly #rows: Reader<CounterRow>
  readonly #pending = new Map<string, Promise<void>>()
  #cleaned = -Infinity

  constructor(records: Records) {
    this.#records = records
    this.#rows = records.global(COUNTER_ROWS)
  }

  /**
   * Loads the claim's calendar or reserves its next chunk; concurrent callers share the work.
   *
   * @param beside the other claims of the same take
   */
  async prepare(
    engine: CounterEngine,
    claim: Claim,
    nowMs: number,
    beside: readonly Claim[] = [],
  ): Promise<void> {
    const id = counterId(claim.name, claim.subject)
    const pending = this.#pending.get(id)
    if (pending !== undefined) return pending
    const work = this.#prepare(engine, claim, id, nowMs, beside).finally(() =>
      this.#pending.delete(id),
    )
    this.#pending.set(id, work)
    return work
  }

  /** Reserves ahead, in the background, if less than half a chunk is left. */
  ahead(engine: CounterEngine, claim: Claim, left: number, nowMs: number): void {
    if (left >= chunkOf(claim.shape.limit) / 2) return
    if (this.#pending.has(counterId(claim.name, claim.subject))) return
    // The take ends before the write does, and its claim object may be reused by then. A failure shows when the units
    // run out and a take has to wait for the same write.
    this.prepare(engine, { ...claim }, nowMs).catch(() => {})
  }

  /** Removes a calendar from disk, after any write that is under way for it. */
  async forget(name: string, subject: string): Promise<void> {
    const id = counterId(name, subject)
    await this.#pending.get(id)?.catch(() => {})
    await this.#records.commit([{ op: 'delete', collection: COUNTER_ROWS.name, id }])
  }

  /** Resolves when every write that has begun is on disk. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending.values())
  }

  /** Resolves when nothing is being written any more and all waiting callers have continued, failed or not. */
  async drain(): Promise<void> {
    do {
      await Promise.allSettled(this.#pending.values())
      await setImmediate()
    } while (this.#pending.size > 0)
  }

  /**
   * Replaces reserved units by those really used. If it is interrupted, the remaining rows stay as they were, with more
   * than was used.
   */
  async settle(unspent: Iterable<CalendarUse & { name: string; subject: string }>): Promise<void> {
    let batch: CounterUpdate[] = []
    for (const { name, subject, used, endMs } of unspent) {
      if (endMs <= this.#cleaned - CLEAN_EVERY_MS) continue
      const id = counterId(name, subject)
      batch.push({ op: 'update', collection: COUNTER_ROWS.name, id, set: { used } })
      if (batch.length < SETTLE_BATCH) continue
      await updatePresent(this.#records, batch)
      batch = []
    }
    await updatePresent(this.#records, batch)
  }

  async #prepare(
    engine: CounterEngine,
    claim: Claim,
    id: string,
    nowMs: number,
    beside: readonly Claim[],
  ): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = await this.#rows.get(id)
      const use = engine.calendarUse(claim, nowMs) ?? engine.load(claim, row, nowMs, beside)
      const { limit } = claim.shape
      const wanted = use.used + claim.cost
      if (wanted > limit) return
      const used = Math.min(Math.max(wanted, use.reserved) + chunkOf(limit), limit)
      if (await this.#write(id, row, { used, endMs: use.endMs }, nowMs)) {
        engine.reserve(claim, used, use.endMs)
        this.#cleanSometimes(nowMs)
        return
      }
    }
    throw new Error('a counter could not be written: its row kept changing')
  }

  /** False if the row appeared or disappeared meanwhile, because it was cleaned, or reset by an operator. */
  async #write(
    id: string,
    row: CounterRow | undefined,
    use: StoredUse,
    nowMs: number,
  ): Promise<boolean> {
    const collection = COUNTER_ROWS.name
    const change: Change =
      row === undefined
        ? { op: 'insert', collection, row: { id, ...use, createdAtMs: nowMs, updatedAtMs: nowMs } }
        : { op: 'update', collection, id, set: changedBy(row, use) }
    return (await this.#records.commit([change])).ok
  }

  #cleanSometimes(nowMs: number): void {
    // Also runs if the clock was set back, since a time in the future says nothing.
    if (Math.abs(nowMs - this.#cleaned) < CLEAN_EVERY_MS) return
    this.#cleaned = nowMs
    const id = 'cleaning'
    const work = this.#clean(nowMs - CLEAN_EVERY_MS).finally(() => this.#pending.delete(id))
    this.#pending.set(id, work)
    work.catch(() => {})
  }

  /** Removes calendars whose window has ended, page by page. */
  async #clean(untilMs: number): Promise<void> {
    for (;;) {
      const query = { index: 'byEnd', equals: {}, to: Math.floor(untilMs), limit: CLEAN_PAGE }
      const { rows } = await this.#rows.find(query)
      if (rows.length === 0) return
      await Promise.all(
        rows.map(async ({ id, version }) =>
          this.#records.commit([
            { op: 'delete', collection: COUNTER_ROWS.name, id, ifVersion: version },
          ]),
        ),
      )
    }
  }
}

/** Naming a column that is indexed would rewrite the index. */
function changedBy(row: CounterRow, { used, endMs }: StoredUse): Partial<StoredUse> {
  return row.endMs === endMs ? { used } : { used, endMs }
}
