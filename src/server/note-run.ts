import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../core/bytes.ts'
import type { Random } from '../core/random.ts'
import { writePrivateFile } from './data-folder.ts'

/** A run of the gate. What the previous run kept on disk is up to date; what any other run kept is not. */
export interface Run {
  readonly id: string
  readonly previousId: string | undefined
}

/** Records a start of the gate in its data folder. */
export function noteRun(dataFolder: string, random: Random): Run {
  const path = join(dataFolder, 'last-run')
  const previousId = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  const id = toHex(random.bytes(8))
  writePrivateFile(path, id)
  return { id, previousId }
}
