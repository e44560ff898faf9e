import { readFile } from 'node:fs/promises'
import { LabError } from './experiment.ts'

/**
 * Reads a file of JSON.
 *
 * @throws {@link LabError} that names the file, when it cannot be read or is none
 */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new LabError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
