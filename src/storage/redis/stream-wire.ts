import { fromUtf8 } from '../../core/bytes.ts'
import type { RedisReply } from './driver.ts'

/** A point in the order of a stream: the numbering it belongs to, and the number of an entry. */
export interface StreamPosition {
  readonly era: string
  readonly sequence: number
}

/** A message as stored in the stream. */
export interface StreamEntry {
  readonly position: StreamPosition
  /** Who published it: the `self` of its stream. */
  readonly sender: string
  readonly topic: string
  readonly payload: string
}

/** The state of a stream and its last entries, oldest first. */
export interface StreamSnapshot {
  readonly position: StreamPosition
  readonly entries: readonly StreamEntry[]
}

/** The text of a reply, whether it is text or bytes. */
export function textOf(reply: RedisReply | undefined): string | undefined {
  if (typeof reply === 'string') return reply
  return reply instanceof Uint8Array ? fromUtf8(reply) : undefined
}

/** A position written `<era>:<seq>`. */
export const formatPosition = ({ era, sequence }: StreamPosition): string => `${era}:${sequence}`

/** Reads what {@link formatPosition} wrote. */
export function parsePosition(text: string): StreamPosition | undefined {
  const found = /^([\w-]{1,64}):(\d{1,15})$/.exec(text)
  return found === null ? undefined : { era: found[1]!, sequence: Number(found[2]) }
}

/** Reads `[era, seq, …]`. */
export function readPosition(reply: RedisReply): StreamPosition | undefined {
  const [era, sequence] = Array.isArray(reply) ? (reply as readonly RedisReply[]).map(textOf) : []
  return era === undefined ? undefined : parsePosition(`${era}:${sequence}`)
}

/**
 * Reads the entries of an XREAD of one stream; none if it timed out, `undefined` if they include one that no gate
 * wrote.
 */
export function readEntries(reply: RedisReply): readonly StreamEntry[] | undefined {
  if (!Array.isArray(reply)) return []
  const [stream] = reply as readonly RedisReply[]
  const rows = Array.isArray(stream) ? (stream as readonly RedisReply[])[1] : undefined
  if (!Array.isArray(rows)) return []
  const entries = entriesOf(rows as RedisReply)
  return entries.length === rows.length ? entries : undefined
}

/** Reads the reply of the snapshot script. */
export function readSnapshot(reply: RedisReply): StreamSnapshot | undefined {
  const position = readPosition(reply)
  if (position === undefined) return undefined
  const newestFirst = entriesOf((reply as readonly RedisReply[])[2])
  return { position, entries: withoutHoles(position, newestFirst) }
}

/** The entries that lead up to a position without a gap, oldest first. */
function withoutHoles(
  { era, sequence }: StreamPosition,
  newestFirst: readonly StreamEntry[],
): readonly StreamEntry[] {
  const count = newestFirst.findIndex(
    ({ position }, at) => position.era !== era || position.sequence !== sequence - at,
  )
  return newestFirst.slice(0, count < 0 ? undefined : count).toReversed()
}

function entriesOf(reply: RedisReply | undefined): readonly StreamEntry[] {
  if (!Array.isArray(reply)) return []
  return (reply as readonly RedisReply[]).flatMap((entry) => entryOf(entry) ?? [])
}

function entryOf(reply: RedisReply): StreamEntry | undefined {
  const [id, fields] = reply as readonly RedisReply[]
  const sequence = /^(\d+)-0$/.exec(textOf(id) ?? '')?.[1]
  if (sequence === undefined || !Array.isArray(fields)) return undefined
  const [, era, , sender, , topic, , payload] = (fields as readonly RedisReply[]).map(textOf)
  if (era === undefined || sender === undefined || topic === undefined || payload === undefined) {
    return undefined
  }
  return { position: { era, sequence: Number(sequence) }, sender, topic, payload }
}
