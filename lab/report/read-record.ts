import { LabError, RECORD_FORMAT } from '../core/index.ts'
import type { LabRecord } from '../core/index.ts'

const LISTS = ['experiments', 'claims'] as const
const OBJECTS = ['versions', 'fingerprint', 'judgement'] as const
const TEXTS = ['title', 'target', 'startedAt', 'finishedAt', 'command'] as const

/**
 * Reads a record that a run has written.
 *
 * @param source - Where the text came from, for the message.
 * @throws {LabError} If it is not JSON, not a record, or of a format this version does not know.
 */
export function readRecord(text: string, source: string): LabRecord {
  const value = parse(text, source)
  if (typeof value !== 'object' || value === null || !('format' in value)) {
    throw new LabError(`${source} is not a record of the lab: it has no "format"`)
  }
  if (value.format !== RECORD_FORMAT) {
    throw new LabError(
      `${source} has the format ${JSON.stringify(value.format)}, not "${RECORD_FORMAT}"`,
    )
  }
  const fields = value as Readonly<Record<string, unknown>>
  const wrong = [
    ...LISTS.filter((name) => !Array.isArray(fields[name])),
    ...OBJECTS.filter((name) => typeof fields[name] !== 'object' || fields[name] === null),
    ...TEXTS.filter((name) => typeof fields[name] !== 'string'),
  ]
  if (wrong.length > 0) throw new LabError(`${source} lacks ${wrong.join(', ')}`)
  return value as unknown as LabRecord
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new LabError(`${source} is not JSON: ${(error as Error).message}`)
  }
}
