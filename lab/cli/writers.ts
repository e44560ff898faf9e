import { writeFile } from 'node:fs/promises'
import type { LabRecord } from '../core/index.ts'
import { UsageError } from './exit-codes.ts'

/** What a file of each ending holds. */
const WRITERS: Readonly<Record<string, (record: LabRecord) => Promise<string>>> = {
  json: async (record) => `${JSON.stringify(record)}\n`,
}

/** Refuses endings that nothing is known to write, before anything is measured. */
export function checkOutputs(paths: readonly string[]): void {
  for (const path of paths) writerOf(path)
}

/** Writes the record to each file, as its ending says. */
export async function writeOutputs(record: LabRecord, paths: readonly string[]): Promise<void> {
  for (const path of paths) await writeFile(path, await writerOf(path)(record))
}

function writerOf(path: string): (record: LabRecord) => Promise<string> {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
  const writer = Object.hasOwn(WRITERS, ending) ? WRITERS[ending] : undefined
  if (writer !== undefined) return writer
  const known = Object.keys(WRITERS).map((name) => `.${name}`)
  throw new UsageError(`--out: cannot write ${path}`, `It may end in ${known.join(', ')}.`)
}
