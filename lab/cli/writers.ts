import type { Stats } from 'node:fs'
import { access, constants, lstat, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LabRecord } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import { UsageError } from './exit-codes.ts'

type Writer = (record: LabRecord) => Promise<string>

/** The format of a file, by its extension. */
const WRITERS: Readonly<Record<string, Writer>> = {
  json: async (record) => `${JSON.stringify(record)}\n`,
  html: async (record) => (await import('../report/index.ts')).renderHtml(record),
  md: async (record) => (await import('../report/index.ts')).renderMarkdown(record),
  xml: async (record) => (await import('../report/index.ts')).renderJunit(record),
  csv: async (record) => (await import('../report/index.ts')).renderCsv(record),
}

/** The formats of a record, named by file extension. */
export const FORMATS: readonly string[] = Object.keys(WRITERS)

/**
 * Refuses, before anything is measured, outputs that could not be written later: unknown extensions, and paths where no
 * file can be.
 */
export async function checkOutputs(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    writerOf(path)
    const found = await typeOf(path)
    const reason =
      found?.isDirectory() === true
        ? 'it is a folder'
        : await reasonAgainst(found === undefined ? dirname(path) : path)
    if (reason !== undefined) throw new UsageError(`--out: cannot write ${path}: ${reason}`)
  }
}

/**
 * Writes the record to each file, in the format of its extension. A file is replaced as a whole or not at all.
 *
 * @throws LabError when one cannot be written; the others are written all the same.
 */
export async function writeOutputs(record: LabRecord, paths: readonly string[]): Promise<void> {
  const failures: string[] = []
  for (const path of paths) {
    const text = await writerOf(path)(record)
    try {
      await replaceFile(path, text)
    } catch (error) {
      failures.push(`cannot write ${path}: ${messageOf(error)}`)
    }
  }
  if (failures.length > 0) throw new LabError(failures.join('; '))
}

/** Replaces a regular file atomically; pipes, devices and links are written to directly. */
async function replaceFile(path: string, text: string): Promise<void> {
  const found = await typeOf(path)
  if (found !== undefined && !found.isFile()) {
    await writeFile(path, text)
    return
  }
  const draft = `${path}.part`
  try {
    await writeFile(draft, text)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

const typeOf = async (path: string): Promise<Stats | undefined> =>
  lstat(path).catch(() => undefined)

async function reasonAgainst(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

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
