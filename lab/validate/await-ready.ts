import type { ChildProcess } from 'node:child_process'

const POLL_MS = 25

/** Requests the URL until it answers with success; `false` if the process ended or time ran out first. */
export async function awaitReady(
  url: string,
  child: ChildProcess,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted && child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(url, { signal }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.ok === true) return true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return false
}
