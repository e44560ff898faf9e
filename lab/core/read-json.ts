import { readFile } from 'node:fs/promises'
import { LabError } from './experiment.ts'

/**
 * Reads a JSON file.
 *
 * @throws {@link LabError} that names the file, if it cannot be read or is not JSON
 */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new LabError(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
