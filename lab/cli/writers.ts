import { writeFile } from 'node:fs/promises'
import type { LabRecord } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import { UsageError } from './exit-codes.ts'

type Writer = (record: LabRecord) => Promise<string>

/** What a file of each ending holds. */
const WRITERS: Readonly<Record<string, Writer>> = {
  json: async (record) => `${JSON.stringify(record)}\n`,
  html: async (record) => (await import('../report/index.ts')).renderHtml(record),
  md: async (record) => (await import('../report/index.ts')).renderMarkdown(record),
  xml: async (record) => (await import('../report/index.ts')).renderJunit(record),
  csv: async (record) => (await import('../report/index.ts')).renderCsv(record),
}

/** The forms a record can take, by the ending of a file. */
export const FORMATS: readonly string[] = Object.keys(WRITERS)

/** Refuses endings that nothing is known to write, before anything is measured. */
export function checkOutputs(paths: readonly string[]): void {
  for (const path of paths) writerOf(path)
}

/** Writes the record to each file, as its ending says. */
export async function writeOutputs(record: LabRecord, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const text = await writerOf(path)(record)
    try {
      await writeFile(path, text)
    } catch (error) {
      throw new LabError(`cannot write ${path}: ${(error as Error).message}`)
    }
  }
}

/** The record in one of `FORMATS`. */
export function renderAs(format: string, record: LabRecord): Promise<string> {
  return WRITERS[format]!(record)
}

function writerOf(path: string): Writer {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
  const writer = Object.hasOwn(WRITERS, ending) ? WRITERS[ending] : undefined
  if (writer !== undefined) return writer
  const known = FORMATS.map((name) => `.${name}`)
  throw new UsageError(`--out: cannot write ${path}`, `It may end in ${known.join(', ')}.`)
}
