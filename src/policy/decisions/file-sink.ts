import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../../core/error-message.ts'

/** A destination for lines of the decision log. It never waits and never throws. */
export interface DecisionSink {
  /** Takes a line; `false` when it cannot be held. */
  push(line: string): boolean
  /** How many accepted lines were lost. */
  lost(): number
  /** Why the latest attempt failed. */
  failure(): string | undefined
  /** Writes what it can, and ends. */
  close(): Promise<void>
}

/** Options of {@link createFileSink}. */
export interface FileSinkOptions {
  readonly path: string
  readonly sizeBytesMax: number
  /** How many full files are kept; `decisions.ndjson.1` is the newest. */
  readonly keep: number
}

/** How many characters may wait to be written. */
const BUFFER_CHARACTERS_MAX = 8 * 1024 * 1024
const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY_FILE = 0o600

/** Creates a sink that appends lines to a file, and renames the file when it is full. */
export function createFileSink({ path, sizeBytesMax, keep }: FileSinkOptions): DecisionSink {
  let waiting: string[] = []
  let waitingCharacters = 0
  let lost = 0
  let failure: string | undefined
  let sizeBytes: number | undefined
  let writing: Promise<void> | undefined

  const putAside = async (): Promise<void> => {
    if (keep === 0) await rm(path, { force: true })
    for (let number = keep; number >= 1; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`
      await rename(from, `${path}.${number}`).catch(ignoreMissing)
    }
    sizeBytes = 0
  }

  const append = async (text: string): Promise<void> => {
    const bytes = Buffer.from(text)
    const before = sizeBytes ?? (await sizeOf(path))
    sizeBytes = before
    if (before > 0 && before + bytes.length > sizeBytesMax) await putAside()
    await appendFile(path, bytes, { mode: OWNER_ONLY_FILE })
    sizeBytes = (sizeBytes ?? 0) + bytes.length
  }

  /** Writes as many lines at once as the file has room for. */
  const write = async (lines: readonly string[]): Promise<void> => {
    let text = ''
    for (const line of lines) {
      if (text !== '' && (sizeBytes ?? 0) + text.length + line.length > sizeBytesMax) {
        await append(text)
        text = ''
      }
      text += line
    }
    await append(text)
  }

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      waitingCharacters = 0
      try {
        await write(lines)
        failure = undefined
      } catch (error) {
        failure = messageOf(error)
        lost += lines.length
        sizeBytes = undefined
      }
    }
    writing = undefined
  }

  return {
    push(line) {
      if (waitingCharacters + line.length > BUFFER_CHARACTERS_MAX) return false
      waiting.push(`${line}\n`)
      waitingCharacters += line.length
      writing ??= flush()
      return true
    },
    lost: () => lost,
    failure: () => failure,
    async close() {
      await writing
    },
  }
}

async function sizeOf(path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER })
  return (await stat(path).catch(ignoreMissing))?.size ?? 0
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
