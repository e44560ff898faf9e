import type { Clock } from '../core/clock.ts'
import type { Log, LogSegment } from '../storage/index.ts'
import type { AuditConfig } from './config.ts'
import type { Checkpoint } from './contract.ts'
import type { IndexStore } from './index-store.ts'
import { parseRecord } from './chain.ts'
import { statedBefore } from './scan.ts'

const HOUR_MS = 3_600_000
/** A jump of the clock up to this far ahead is believed at once; a longer jump is doubted for some time. */
const JUMP_MS = HOUR_MS
const DOUBT_MS = 24 * HOUR_MS

/**
 * The time by which the age of records is judged: that of the wall clock, except that a far jump ahead is believed only
 * after a day, because records dropped by a wrong clock are gone for good. Until then, time continues as if there had
 * been no jump.
 *
 * @returns a function that reads it; a jump is noticed at the next reading.
 */
export function createAgeClock(clock: Clock): () => number {
  let apartMs = clock.nowMs() - clock.monotonicMs()
  let doubtedFromMs = Infinity
  return () => {
    const monotonicMs = clock.monotonicMs()
    const foundMs = clock.nowMs() - monotonicMs
    if (foundMs - apartMs < JUMP_MS || monotonicMs - doubtedFromMs >= DOUBT_MS) {
      apartMs = foundMs
      doubtedFromMs = Infinity
    } else {
      doubtedFromMs = Math.min(doubtedFromMs, monotonicMs)
    }
    return monotonicMs + apartMs
  }
}

/**
 * The first segment to keep: sealed ones before it are older than `age`, or too many for `size`. `undefined` if all
 * stay. The open segment always stays.
 */
export async function findCut(
  retention: AuditConfig['retention'],
  segments: readonly LogSegment[],
  index: IndexStore,
  nowMs: number,
): Promise<number | undefined> {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  let cut: number | undefined
  for (const [at, segment] of segments.slice(0, -1).entries()) {
    const tooLarge = retention.size !== undefined && bytes > retention.size
    const tooOld =
      retention.age !== undefined && (await index.summary(segment)).maxMs < nowMs - retention.age
    if (!tooLarge && !tooOld) break
    bytes -= segment.bytes
    cut = segments[at + 1]?.segment
  }
  return cut
}

/** The last record before `segment`, according to that segment's header. */
export async function recordBefore(log: Log, segment: number): Promise<Checkpoint | undefined> {
  for await (const { frame } of log.read({ segment, offset: 0 })) {
    const header = parseRecord(frame)
    return header === undefined
      ? undefined
      : { seq: header.seq - 1, hash: statedBefore(header.details) }
  }
  return undefined
}
