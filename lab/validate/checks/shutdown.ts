import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { endAtExit, killTree } from '../../machine/index.ts'
import { awaitReady } from '../await-ready.ts'
import type { CheckItem } from '../plan.ts'
import type { Finding } from './check.ts'

type ShutdownCheck = NonNullable<CheckItem['shutdown']>

/** Time after which a request is well under way, even on a busy machine. */
const UNDER_WAY_MS = 250

/**
 * Starts a server, sends it a slow request, sends SIGTERM while it works on that, and expects
 * the answer to arrive in full and the process to exit by itself with 0 within the deadline.
 */
export async function checkShutdown(
  check: ShutdownCheck,
  folder: string,
  signal: AbortSignal,
): Promise<Finding> {
  const [program = '', ...args] = check.command
  const evidence = `SIGTERM to ${check.command.join(' ')} during GET ${check.slow}`
  const child = spawn(program, args, { cwd: folder, stdio: 'ignore' })
  const release = child.pid === undefined ? () => undefined : endAtExit({ pid: child.pid })
  const failed = once(child, 'error').then(([error]: unknown[]) => error as Error)
  const ended = once(child, 'exit')
  const fail = (measured: string, reason: string): Finding => ({
    status: 'fail',
    measured,
    reason,
    evidence,
  })
  try {
    const ready = await Promise.race([awaitReady(check.ready, child, signal), failed])
    if (ready instanceof Error) return fail('not started', ready.message)
    if (!ready) return fail('not started', `${check.ready} did not answer`)
    return await observe(check, child, ended, fail, evidence, signal)
  } finally {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      killTree(child.pid)
    }
    release()
  }
}

async function observe(
  check: ShutdownCheck,
  child: ChildProcess,
  ended: Promise<unknown[]>,
  fail: (measured: string, reason: string) => Finding,
  evidence: string,
  signal: AbortSignal,
): Promise<Finding> {
  const asked = performance.now()
  let answered = false
  const answer = fetch(check.slow, { signal })
    .then(async (response) => {
      await response.arrayBuffer()
      return { status: response.status, atMs: performance.now() - asked }
    })
    .catch((error: unknown) => error as Error)
    .finally(() => {
      answered = true
    })
  await new Promise((resolve) => setTimeout(resolve, UNDER_WAY_MS))
  if (answered) {
    const reason = `${check.slow} is not slow enough`
    return { status: 'unknown', measured: 'no request in flight', reason, evidence }
  }
  child.kill('SIGTERM')
  const signaledMs = performance.now()
  const deadline = AbortSignal.timeout(check.deadlineMs)
  const late = once(deadline, 'abort').then(() => 'late' as const)
  const exit = await Promise.race([ended, late])
  const tookMs = Math.round(performance.now() - signaledMs)
  if (exit === 'late') return fail(`still running after ${tookMs} ms`, 'it did not end by itself')
  const result = await answer
  if (result instanceof Error) return fail('request lost', result.message)
  const measured = `${result.status} after ${Math.round(result.atMs)} ms, ended in ${tookMs} ms`
  const [code, killedBy] = exit as [number | null, string | null]
  if (code !== 0) return fail(measured, `it exited with ${code ?? killedBy}`)
  if (result.status >= 500) return fail(measured, 'the request in flight failed')
  return { status: 'pass', measured, reason: 'nothing was lost', evidence }
}
