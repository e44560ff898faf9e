import { join } from 'node:path'
import type { Log } from '../storage/index.ts'
import { openFileLog } from '../storage/index.ts'

const NAME_DIGITS = 12

/** Path of a segment within a log's folder. */
export const segmentPath = (folder: string, segment: number): string =>
  join(folder, `${String(segment).padStart(NAME_DIGITS, '0')}.log`)

/** Opens the log of a folder as a ledger needs it: only the ledger ends segments. */
export const openTestLog = async (folder: string): Promise<Log> =>
  openFileLog({ folder, segmentBytesMax: Infinity })
