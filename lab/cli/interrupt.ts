import { EXIT } from './exit-codes.ts'

/** A signal to give up that Ctrl-C and a supervisor's SIGTERM set. */
export interface Interrupt {
  readonly signal: AbortSignal
  close(): void
}

/** The first SIGINT or SIGTERM asks to end in order; the second ends at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
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
