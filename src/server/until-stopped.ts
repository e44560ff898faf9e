import { createReadStream } from 'node:fs'

/** Why the process is to stop. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'launcher-gone'

/** Names the file descriptor that shows when the launcher ends; set by `bin/launch.mjs`. */
const LAUNCHER_VARIABLE = 'TOLLGATE_LAUNCHER_FD'

/**
 * Resolves when the process is told to stop: by a signal, or because the launcher that started it has gone. A second
 * signal ends the process at once, unless it is an echo of the first: a terminal sends Ctrl-C to the whole group, and
 * the launcher and npm pass on the signals that they receive.
 */
export function untilStopped(): Promise<StopReason> {
  const { promise, resolve } = Promise.withResolvers<StopReason>()
  let askedMs = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (askedMs === 0) askedMs = nowMs
      const isAnother = nowMs - askedMs > ECHO_MS
      if (isAnother) process.exit(SIGNAL_EXIT_BASE + SIGNAL_NUMBERS[signal])
      resolve(signal)
    })
  }
  const descriptor = Number(process.env[LAUNCHER_VARIABLE])
  if (Number.isInteger(descriptor) && descriptor > 2) {
    const link = createReadStream('', { fd: descriptor })
    link.on('data', () => undefined)
    link.on('error', () => undefined)
    link.on('end', () => resolve('launcher-gone'))
  }
  return promise
}

/** Copies of one signal that arrive by several ways do so within this time. */
export const ECHO_MS = 500
const SIGNAL_EXIT_BASE = 128
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const
