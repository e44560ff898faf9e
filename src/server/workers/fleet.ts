import type { Outcome } from '../../core/refusal.ts'
import type { GatewayConfig, Nouns, Pepper, World } from '../../gate/index.ts'
import { identityCollections } from '../../identity/index.ts'
import { bansCollection } from '../../limits/index.ts'
import { policyCollections } from '../../policy/index.ts'
import type { MetricsSnapshot } from '../../signals/index.ts'
import type { SiblingHub } from '../../storage/index.ts'
import { createRelayServer } from '../../storage/index.ts'
import type { Explanation, ExplainRequest } from '../admin/index.ts'
import type { Storage } from '../storage.ts'
import { createFleetMetrics } from './fleet-metrics.ts'
import type { WorkerFigures } from './messages.ts'
import type { Seat } from './seat.ts'
import { takeSeat } from './seat.ts'
import { shareOf } from './share.ts'
import type { StartLine } from './start-line.ts'
import { createStartLine } from './start-line.ts'
import { watchSeats } from './watch-seats.ts'
import type { WorkerHandle, WorkerService } from './worker-handle.ts'
import { startWorker } from './worker-handle.ts'

/** The worker processes of a gateway. */
export interface Fleet {
  readonly size: number
  /** The number of workers that serve now. */
  serving(): number
  /** Puts a configuration in force in every worker; a worker that cannot do so is replaced. */
  apply(config: GatewayConfig): Promise<void>
  /** The figures of each worker that answers. */
  figures(): Promise<readonly WorkerFigures[]>
  /** What each worker that answers would do with a request. */
  explain(asked: ExplainRequest): Promise<readonly Outcome<Explanation>[]>
  /** Metrics of all workers, including those that have ended, so that no count ever falls. */
  metrics(): Promise<readonly MetricsSnapshot[]>
  /** Lets all workers finish; resolves with whether all requests could finish. */
  stop(deadlineMs: number): Promise<boolean>
  /** Ends all workers at once. */
  abandon(): Promise<void>
}

/** What {@link startFleet} needs. */
export interface FleetOptions {
  readonly size: number
  /** `host:port` to share. */
  readonly address: string
  /**
   * Called when all workers are able to listen, right before they do. Throws a ListenError if another process has the
   * address.
   */
  readonly claim: () => void
  /** The configuration at start, and how to get the one in force. */
  readonly boot: GatewayConfig
  readonly config: () => GatewayConfig
  readonly peppers: readonly Pepper[]
  readonly storage: Storage
  /** Where workers tell one another what they have invalidated. */
  readonly siblings: SiblingHub
  readonly nouns: Nouns
  readonly answer: WorkerService['answer']
  readonly world: World
}

/** Starts the workers. Rejects if one of them cannot start; then none is left running. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { size, world } = options
  const { logger } = world
  const metrics = createFleetMetrics()
  const startLine = createStartLine(size, options.claim)
  const spawn = createSpawn(options, startLine)
  const taken = await Promise.allSettled(
    Array.from({ length: size }, async (_, index) =>
      takeSeat({
        number: index + 1,
        spawn: () => spawn(index + 1),
        logger,
        monotonicMs: world.clock.monotonicMs,
        onLost: (how) => {
          metrics.lost(index + 1)
          recordLoss(options, index + 1, how)
        },
      }).catch((error: Error) => {
        startLine.breakOff(error)
        throw error
      }),
    ),
  )
  const seats = taken.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = taken.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(seats.map((seat) => seat.abandon()))
    throw failed.reason
  }
  const ask = async (worker: WorkerHandle, index: number): Promise<WorkerFigures | undefined> => {
    const figures = await worker.figures().catch(() => undefined)
    if (figures !== undefined) metrics.seen(index + 1, figures.metrics)
    return figures
  }
  const gather = async (): Promise<WorkerFigures[]> => {
    const serving = seats.map((seat) => seat.serving())
    const asked = serving.map(async (worker, index) => worker && ask(worker, index))
    return (await Promise.all(asked)).filter((figures) => figures !== undefined)
  }
  const answers = async (worker: WorkerHandle, index: number): Promise<boolean> =>
    (await ask(worker, index)) !== undefined
  const endWatch = watchSeats(seats, answers, logger)
  return {
    size,
    serving: () => seats.filter((seat) => seat.serving() !== undefined).length,
    apply: async (config) => {
      await Promise.all(seats.map(async (seat) => applyTo(seat, shareOf(config, size), world)))
    },
    figures: gather,
    async explain(asked) {
      const all = seats.map(async (seat) =>
        seat
          .serving()
          ?.explain(asked)
          .catch(() => undefined),
      )
      return (await Promise.all(all)).filter((outcome) => outcome !== undefined)
    },
    metrics: async () => {
      await gather()
      return metrics.all()
    },
    async stop(deadlineMs) {
      endWatch()
      const finished = await Promise.all(seats.map((seat) => seat.stop(deadlineMs)))
      return finished.every(Boolean)
    },
    async abandon() {
      endWatch()
      await Promise.all(seats.map((seat) => seat.abandon()))
    },
  }
}

function createSpawn(
  options: FleetOptions,
  startLine: StartLine,
): (worker: number) => ReturnType<typeof startWorker> {
  const { size, address, boot, peppers, storage, siblings, nouns, answer } = options
  const { records, counters, log, bus } = storage
  // What only administrators use (the root key, remembered answers) stays out of the workers' reach.
  const collections = [...identityCollections, ...policyCollections, bansCollection]
  const relay = createRelayServer({ records, counters, log, bus, siblings, collections })
  return (worker) =>
    startWorker(
      {
        kind: 'start',
        worker,
        boot: shareOf(boot, size),
        config: shareOf(options.config(), size),
        address,
        peppers,
      },
      { relay, nouns, answer, mayListen: startLine.arrive },
    )
}

async function applyTo(seat: Seat, config: GatewayConfig, { logger }: World): Promise<void> {
  const worker = seat.worker()
  if (worker === undefined) return
  try {
    const [problem] = await worker.apply(config)
    if (problem === undefined) return
    logger.error('a worker refused the configuration', { problem: problem.message })
  } catch (error) {
    logger.error('a worker did not take the configuration', { error })
  }
  worker.kill()
  await worker.gone
}

/** What a killed worker had not handed over is lost, which the audit log records. */
function recordLoss({ nouns, world }: FleetOptions, worker: number, how: string): void {
  nouns.ledger
    .append({
      kind: 'system',
      actor: { kind: 'system', id: 'tollgate' },
      action: 'worker.lost',
      target: `worker:${worker}`,
      outcome: how,
    })
    .catch((error: unknown) => world.logger.error('a loss could not be recorded', { error }))
}
