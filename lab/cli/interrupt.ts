import { EXIT } from './exit-codes.ts'

/** A signal that Ctrl-C or a supervisor's SIGTERM aborts. */
export interface Interrupt {
  readonly signal: AbortSignal
  close(): void
}

/** One Ctrl-C can arrive more than once within this time: from the terminal, and passed on by the launcher. */
const ECHO_MS = 500

/** The first SIGINT or SIGTERM asks for an orderly stop; the second ends the process at once. */
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
