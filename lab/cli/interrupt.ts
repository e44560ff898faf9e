import { EXIT } from './exit-codes.ts'

/** A signal to give up that Ctrl-C and a supervisor's SIGTERM set. */
export interface Interrupt {
  readonly signal: AbortSignal
  close(): void
}

/** One Ctrl-C by several ways arrives within this: a terminal sends it to all, and the launcher passes on what it gets. */
const ECHO_MS = 500

/** The first SIGINT or SIGTERM asks to end in order; the second ends at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  let askedMs = Infinity
  const stop = (): void => {
    const nowMs = performance.now()
    if (nowMs - askedMs > ECHO_MS) process.exit(EXIT.interrupted)
    if (controller.signal.aborted) return
    askedMs = nowMs
    controller.abort(new DOMException('stopped', 'AbortError'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    close: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
