import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LabError } from '../../core/index.ts'
import { differencesBetween, readFingerprint } from '../../machine/index.ts'
import type { Levels } from './level.ts'
import { levelsOf } from './level.ts'
import type { StoredRun } from './stored-run.ts'
import { readStoredRun } from './stored-run.ts'

/** What the series over runs needs of an earlier run. */
export type HistoryRun = {
  readonly name: string
  /** ISO 8601. */
  readonly startedAt: string
  /** Requests per second at which percentiles were measured. */
  readonly rate: number
  /** How quiet the machine was. */
  readonly grade: StoredRun['grade']
  readonly levels: Levels
}

/** Earlier runs, oldest first, and how many were left out. */
export type History = {
  readonly runs: readonly HistoryRun[]
  /** Runs of other machines, whose figures mean nothing here. */
  readonly incomparable: number
}

/** What was read: the history, and in full its newest run on a usable machine, to compare with. */
export interface ReadHistory {
  readonly history: History
  readonly newest: StoredRun | undefined
}

/**
 * Reads earlier runs from records, or from all records in folders. Records in a folder that are of
 * another kind are skipped; a record that is named itself must be a comparison.
 *
 * @throws LabError
 */
export async function readHistory(paths: readonly string[]): Promise<ReadHistory> {
  const machine = readFingerprint()
  const found = (await Promise.all(paths.map(readAt))).flat()
  const comparable = found
    .filter(({ fingerprint }) => differencesBetween(fingerprint, machine).length === 0)
    .toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
  return {
    history: {
      runs: comparable.map(({ name, startedAt, rate, grade, blocks }) => ({
        name: basename(name),
        startedAt,
        rate,
        grade,
        levels: levelsOf(blocks),
      })),
      incomparable: found.length - comparable.length,
    },
    newest: comparable.findLast(({ grade }) => grade !== 'unusable'),
  }
}

async function readAt(path: string): Promise<readonly StoredRun[]> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => {
      throw new LabError(`${path} does not exist`)
    },
  )
  if (!isFolder) return [await readStoredRun(path)]
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).toSorted()
  const runs = await Promise.all(
    names.map(async (name) => readStoredRun(join(path, name)).catch(() => undefined)),
  )
  return runs.filter((run) => run !== undefined)
}
