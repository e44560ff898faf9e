import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fromBase64Url, toBase64Url } from '../core/bytes.ts'
import type { Random } from '../core/random.ts'
import type { Pepper } from '../gate/index.ts'

/** The paths in the data folder. Only its owner may read it. */
export interface DataFolder {
  readonly path: string
  readonly database: string
  readonly ledger: string
}

/** The data folder of a configuration; `undefined` if nothing outlives the process. */
export const dataFolderOf = ({
  storage,
}: {
  readonly storage: { readonly kind: string; readonly folder: string }
}): string | undefined => (storage.kind === 'memory' ? undefined : storage.folder)

const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY_FILE = 0o600

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'there is something of that name that is no folder',
  ENOENT: 'what it would lie in cannot be made',
  ENOTDIR: 'what it would lie in is no folder',
  EPERM: 'it belongs to another user',
  EROFS: 'the file system is read-only',
}

/** Opens the data folder, and creates it if it is absent. Throws an error that says why it cannot be used. */
export function openDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: OWNER_ONLY_FOLDER })
    chmodSync(path, OWNER_ONLY_FOLDER)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const reason = REASONS[code] ?? message
    throw new Error(`the data folder ${path} cannot be used: ${reason}`, { cause: error })
  }
  return { path, database: join(path, 'tollgate.db'), ledger: join(path, 'ledger') }
}

/** Writes a file that only its owner may read, atomically. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`
  writeFileSync(temporary, text, { mode: OWNER_ONLY_FILE, flush: true })
  renameSync(temporary, path)
}

const PEPPER_BYTES = 32

/**
 * Reads the peppers: one on each line of the file `pepper`, as `<version> <base64url>`. They are stored beside the
 * database, not in it, so that a stolen database alone does not help to recognize credentials. The first pepper is made
 * on first start; to rotate, add a line with a higher version.
 *
 * Call this before the database is opened: a database without its pepper is an error to report, not a first start.
 */
export function readPeppers(folder: DataFolder, random: Random): readonly Pepper[] {
  const path = join(folder.path, 'pepper')
  if (!existsSync(path)) {
    if (existsSync(folder.database)) {
      throw new Error(`${path} is missing: restore it, or no credential in the database works`)
    }
    makePepper(path, random)
  }
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => parsePepper(line.trim(), path))
}

/** If two processes start at once, one makes the pepper and both use it. */
function makePepper(path: string, random: Random): void {
  const temporary = `${path}.${process.pid}.new`
  const line = `1 ${toBase64Url(random.bytes(PEPPER_BYTES))}\n`
  writeFileSync(temporary, line, { mode: OWNER_ONLY_FILE, flush: true })
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(temporary)
  }
}

function parsePepper(line: string, path: string): Pepper {
  const [version = '', text = ''] = line.split(' ')
  const bytes = fromBase64Url(text)
  if (/^[1-9]\d{0,8}$/.test(version) && bytes?.length === PEPPER_BYTES) {
    return { version: Number(version), bytes }
  }
  throw new Error(`${path} is damaged; restore it from a backup: without it no credential works`)
}
