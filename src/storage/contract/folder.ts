import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one test. */
export interface Folder {
  readonly path: string
  readonly remove: () => void
}

/** Makes a fresh folder. */
export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
