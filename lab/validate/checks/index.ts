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

/** Looks at one item of the checklist; without a check it stays unknown. */
export function runCheck(item: CheckItem, stop: AbortSignal): Promise<Finding> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(item.timeoutMs)])
  if (item.http !== undefined) return checkHttp(item.http, signal)
  if (item.file !== undefined) return checkFile(item.file)
  if (item.command !== undefined) return checkCommand(item.command, signal)
  if (item.shutdown !== undefined) return checkShutdown(item.shutdown, signal)
  return Promise.resolve(NOTHING)
}
