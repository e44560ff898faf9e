import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CheckItem } from '../plan.ts'
import type { Finding } from './check.ts'

/** Checks whether a file exists, and what it contains. */
export async function checkFile(
  { path, contains }: NonNullable<CheckItem['file']>,
  folder: string,
): Promise<Finding> {
  let text: string
  try {
    text = await readFile(resolve(folder, path), 'utf8')
  } catch (error) {
    const reason = (error as Error).message
    return { status: 'fail', measured: 'not readable', reason, evidence: path }
  }
  const measured = `${text.length} characters`
  if (contains !== undefined && !text.includes(contains)) {
    return { status: 'fail', measured, reason: `it does not contain ${contains}`, evidence: path }
  }
  return { status: 'pass', measured, reason: 'as expected', evidence: path }
}
