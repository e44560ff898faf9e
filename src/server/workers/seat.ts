import type { Logger } from '../../signals/index.ts'
import type { WorkerHandle } from './worker-handle.ts'

/** A worker's seat: when the worker in it ends, another takes it. */
export interface Seat {
  /** The worker that serves. */
  serving(): WorkerHandle | undefined
  /** The worker in the seat, serving or starting. */
  worker(): WorkerHandle | undefined
  /** Lets the worker finish, and seats no other. Resolves with whether its requests could finish. */
  stop(deadlineMs: number): Promise<boolean>
  /** Ends the worker at once, and seats no other. */
  abandon(): Promise<void>
}

/** What {@link takeSeat} needs. */
export interface SeatOptions {
  readonly number: number
  readonly spawn: () => WorkerHandle
  readonly logger: Logger
  readonly monotonicMs: () => number
  /** Called when a worker that has served ends without being asked to. */
  readonly onLost: (how: string) => void
}

const PAUSE_MIN_MS = 100
const PAUSE_MAX_MS = 10_000
/** A worker that served this long was healthy, so the next pause is short again. */
const WELL_AFTER_MS = 30_000

/** Seats a first worker. Rejects if that one cannot start; for later ones, starting is tried again. */
export async function takeSeat(options: SeatOptions): Promise<Seat> {
  const { number, spawn, logger, monotonicMs, onLost } = options
  let closed = false
  let pauseMs = PAUSE_MIN_MS
  let worker: WorkerHandle | undefined
  let serving: WorkerHandle | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const seat = async (): Promise<void> => {
    const next = spawn()
    worker = next
    try {
      await next.ready
    } catch (error) {
      next.kill()
      await next.gone
      worker = undefined
      throw error
    }
    if (closed) return
    serving = next
    const sinceMs = monotonicMs()
    void next.gone.then((how) => {
      serving = undefined
      worker = undefined
      if (closed) return
      if (monotonicMs() - sinceMs >= WELL_AFTER_MS) pauseMs = PAUSE_MIN_MS
      logger.error('a worker ended; another takes its place', { seat: number, how, pauseMs })
      onLost(how)
      again()
    })
  }
  const again = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      seat().then(
        () => logger.info('a worker serves again', { seat: number, pid: worker?.pid ?? 0 }),
        (error: unknown) => {
          logger.error('a worker could not start', { seat: number, error, pauseMs })
          again()
        },
      )
    }, pauseMs)
    pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2)
  }

  await seat()
  return {
    serving: () => serving,
    worker: () => worker,
    async stop(deadlineMs) {
      closed = true
      clearTimeout(timer)
      return (await worker?.stop(deadlineMs)) ?? true
    },
    async abandon() {
      closed = true
      clearTimeout(timer)
      worker?.kill()
      await worker?.gone
    },
  }
}
