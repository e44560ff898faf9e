import type { Bus } from '../bus.ts'
import type { Counters } from '../counters.ts'
import type { Log } from '../log.ts'
import type { BaseRow, Collection, Query, Reader, Records, TenantRow } from '../records.ts'
import type { AnyCollection } from '../schema/collection-schema.ts'
import type { SiblingHub } from '../siblings.ts'
import type { Holdings } from './holdings.ts'
import type { SiblingLink } from './sibling-link.ts'
import type { Operations, WireFrame, WireReader } from './wire.ts'
import {
  decodeBytes,
  decodeChange,
  decodeRow,
  encodeFrame,
  encodeOutcome,
  encodeRow,
  encodeState,
} from './wire.ts'

/** The most characters of frames in one reply to a read; at least one frame is sent. */
const READ_CHARACTERS = 262_144

/** The storage that a relay serves. */
export interface RelayedStorage {
  readonly records: Records
  readonly counters: Counters
  readonly log: Log
  readonly bus: Bus
  /** Where workers send one another messages; absent if they have none to send. */
  readonly siblings?: SiblingHub
  /** The collections that workers may reach. */
  readonly collections: readonly AnyCollection[]
}

type ScopedReader = Pick<Reader<BaseRow>, 'getBy' | 'find'> & Partial<Reader<BaseRow>>

/** Everything that a worker may ask for, answered by the storage. */
export function createOperations(
  storage: RelayedStorage,
  holdings: Holdings,
  siblings: SiblingLink,
): Operations {
  const { records, counters, log, bus } = storage
  const collections = new Map(storage.collections.map((found) => [found.name, found]))
  const readerOf = (wire: WireReader): ScopedReader => reader(records, collections, wire)
  return {
    get: async (wire, id) => {
      const row = await readerOf(wire).get?.(id)
      return row === undefined ? null : encodeRow({ ...row })
    },
    getBy: async (wire, index, equals) => {
      const row = await readerOf(wire).getBy(index, decodeRow(equals))
      return row === undefined ? null : encodeRow({ ...row })
    },
    find: async (wire, query) => {
      const decoded: Query<BaseRow> = { ...query, equals: decodeRow(query.equals) }
      const page = await readerOf(wire).find(decoded)
      return { ...page, rows: page.rows.map((row) => encodeRow({ ...row })) }
    },
    count: async (wire, { index, equals }) =>
      (await readerOf(wire).count?.({ index, equals: decodeRow(equals) })) ?? 0,
    commit: async (changes) => records.commit(changes.map(decodeChange)),
    take: (claims, nowMs) => {
      const settle = (outcome: Awaited<ReturnType<Counters['take']>>) => {
        if (outcome.granted) holdings.took(claims)
        return encodeOutcome(outcome)
      }
      const outcome = counters.take(claims, nowMs)
      return outcome instanceof Promise ? outcome.then(settle) : settle(outcome)
    },
    peek: (claim, nowMs) => {
      const state = counters.peek(claim, nowMs)
      return state instanceof Promise ? state.then(encodeState) : encodeState(state)
    },
    release: (claims) => holdings.release(claims),
    reset: (name, subject) => counters.reset(name, subject),
    flush: async () => counters.flush(),
    append: async (frames, sync) => log.append(frames.map(decodeBytes), { sync }),
    rotate: async () => log.rotate(),
    segments: async () => log.segments(),
    read: async (from) => {
      const frames: WireFrame[] = []
      let characters = 0
      for await (const frame of log.read(from)) {
        frames.push(encodeFrame(frame))
        characters += frame.frame.length
        if (characters >= READ_CHARACTERS || frames.length >= 1024) break
      }
      return frames
    },
    tornBytes: async () => log.tornBytes(),
    heal: async () => log.heal(),
    dropBefore: async (segment) => log.dropBefore(segment),
    publish: async (message) => bus.publish(message),
    tellSiblings: siblings.tell,
    acted: siblings.acted,
  }
}

function reader(
  records: Records,
  collections: ReadonlyMap<string, AnyCollection>,
  { collection, scope }: WireReader,
): ScopedReader {
  const found = collections.get(collection)
  if (found === undefined) throw new RangeError(`there is no collection ${collection}`)
  const declared = found as unknown as Collection<TenantRow>
  if (scope.kind === 'tenant') return records.tenant(scope.tenantId, declared)
  return scope.kind === 'across' ? records.across(declared) : records.global(declared)
}
