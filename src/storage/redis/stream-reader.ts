import type { DedicatedConnection } from './redis.ts'
import type { StreamEntry, StreamPosition, StreamSnapshot } from './stream-wire.ts'
import { readEntries, readPosition, readSnapshot, textOf } from './stream-wire.ts'
import { SNAPSHOT } from './stream-scripts.ts'
import type { Moment } from '../moment.ts'

/** The keys of a stream and its state. */
export interface StreamKeys {
  readonly stream: string
  readonly state: string
}

/** What a reader reports. Calls are in the order of the stream. */
export interface StreamHearer {
  /** An entry that follows the one before it. */
  entry(entry: StreamEntry): void
  /**
   * Entries may have been missed. What is known now is a position and the entries that lead up to it, as far back as
   * they are kept.
   */
  restart(snapshot: StreamSnapshot, reason: string): void
  /** Everything that was published before a moment has been received. */
  upToDate(since: Moment): void
}

/** What {@link readStream} needs. */
export interface StreamReading {
  readonly keys: StreamKeys
  readonly now: () => Moment
  readonly newEra: () => string
  /** How long a read waits for entries. */
  readonly blockMs: number
  readonly timeoutMs: number
  /** How many entries to request after a gap. */
  readonly replayMax: number
  readonly hearer: StreamHearer
  readonly isOpen: () => boolean
}

/** The position of a reader, and which history of the server it has read. */
export interface StreamCursor {
  readonly position: StreamPosition
  readonly lineage: string
}

const BATCH = 1000

/**
 * Reads until the connection fails or reading ends; reports its position, so that another connection can continue from
 * there.
 *
 * Each round asks for the state and, behind it on the same connection, for entries. The answer proves something about
 * the time at which the question was *sent*: an answer that was buffered for long proves little.
 */
export async function readStream(
  connection: DedicatedConnection,
  from: StreamCursor | undefined,
  reading: StreamReading,
  moved: (cursor: StreamCursor) => void,
): Promise<void> {
  const lineage = await readLineage(connection, reading)
  let cursor = from
  const move = (next: StreamCursor): void => {
    cursor = next
    moved(next)
  }
  if (cursor !== undefined && cursor.lineage !== lineage) cursor = undefined
  let reason = from === undefined ? 'start' : 'another server'
  while (reading.isOpen()) {
    if (cursor === undefined) {
      const sent = reading.now()
      const snapshot = await readWhole(connection, reading)
      reading.hearer.restart(snapshot, reason)
      reading.hearer.upToDate(sent)
      move({ position: snapshot.position, lineage })
      continue
    }
    const fault = await readRound(connection, cursor, reading, move)
    if (fault === undefined) continue
    cursor = undefined
    reason = fault
  }
}

/** Reads one round; returns what is wrong if entries were missed. */
async function readRound(
  connection: DedicatedConnection,
  cursor: StreamCursor,
  reading: StreamReading,
  moved: (cursor: StreamCursor) => void,
): Promise<string | undefined> {
  const { keys, hearer, blockMs, timeoutMs } = reading
  const sent = reading.now()
  const { era, sequence: last } = cursor.position
  const asked = connection.send(['HMGET', keys.state, 'era', 'seq'], timeoutMs)
  const block = ['COUNT', String(BATCH), 'BLOCK', String(blockMs), 'STREAMS']
  const read = connection.send(['XREAD', ...block, keys.stream, `${last}-0`], blockMs + timeoutMs)
  read.catch(() => undefined)
  const state = readPosition(await asked)
  const isSame = state?.era === era && state.sequence >= last
  if (isSame && state.sequence === last) hearer.upToDate(sent)
  const entries = readEntries(await read)
  if (!isSame) return 'the stream began anew'
  if (entries === undefined) return 'the stream holds what no gate wrote'
  let sequence = last
  for (const entry of entries) {
    if (entry.position.era !== era) return 'the stream began anew'
    if (entry.position.sequence !== sequence + 1) return 'entries are missing'
    hearer.entry(entry)
    sequence += 1
    moved({ ...cursor, position: entry.position })
  }
  if (sequence < state.sequence && entries.length < BATCH) return 'entries are missing'
  if (sequence >= state.sequence) hearer.upToDate(sent)
  return undefined
}

async function readWhole(
  connection: DedicatedConnection,
  reading: StreamReading,
): Promise<StreamSnapshot> {
  const { keys, timeoutMs, replayMax } = reading
  const args = ['EVAL', SNAPSHOT, '2', keys.stream, keys.state, reading.newEra(), String(replayMax)]
  const snapshot = readSnapshot(await connection.send(args, timeoutMs * SNAPSHOT_PATIENCE))
  if (snapshot === undefined) throw new Error('the state of the stream cannot be read')
  return snapshot
}

/** Reading the kept entries takes longer than an ordinary command. */
const SNAPSHOT_PATIENCE = 10

/**
 * Identifies the server's history. It changes when a replica is promoted, whose entries may differ from what was read
 * before. Without permission to ask, every connection counts as another history.
 */
async function readLineage(
  connection: DedicatedConnection,
  { timeoutMs, newEra }: StreamReading,
): Promise<string> {
  try {
    const info = textOf(await connection.send(['INFO', 'replication'], timeoutMs)) ?? ''
    return /master_replid:(\w+)/.exec(info)?.[1] ?? newEra()
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return newEra()
    throw error
  }
}
