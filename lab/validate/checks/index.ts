import type { CheckItem } from '../plan.ts'
import type { Finding } from './check.ts'
import { checkCommand } from './command.ts'
import { checkFile } from './file.ts'
import { checkHttp } from './http.ts'
import { checkShutdown } from './shutdown.ts'

export type { Finding } from './check.ts'

const NOTHING: Finding = {
  status: 'unknown',
  measured: 'nothing',
  reason: 'the plan names no check, so there is no evidence',
  evidence: 'none',
}

/**
 * Checks one item of the checklist; an item without a check stays unknown.
 *
 * @param folder - The folder of the plan, in which programs run and to which paths of files are relative.
 */
export function runCheck(item: CheckItem, folder: string, stop: AbortSignal): Promise<Finding> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(item.timeoutMs)])
  if (item.http !== undefined) return checkHttp(item.http, signal)
  if (item.file !== undefined) return checkFile(item.file, folder)
  if (item.command !== undefined) return checkCommand(item.command, folder, signal)
  if (item.shutdown !== undefined) return checkShutdown(item.shutdown, folder, signal)
  return Promise.resolve(NOTHING)
}
