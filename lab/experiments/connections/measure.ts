import { readFileSync } from 'node:fs'
import type { World } from '../../core/index.ts'
import type { LoadResult, Target } from '../../load/index.ts'
import { isLoopback, planLoad, runLoad, takeAim } from '../../load/index.ts'
import type { Holdings } from '../../machine/index.ts'
import { listenerPid, readHoldings } from '../../machine/index.ts'
import type { ConnectionsOptions } from './options.ts'

/** One step of the ladder. */
export interface Rung {
  readonly connections: number
  /** Without its windows. */
  readonly result: LoadResult
  /** Memory and handles of the server before the step and while all connections were open. */
  readonly before: Holdings | null
  readonly during: Holdings | null
}

/** What was observed on the ladder. */
export interface ConnectionsRaw {
  readonly pid: number | null
  readonly rungs: readonly Rung[]
}

const OPENED_PER_SECOND = 2500
/** Files that a worker has open beside its connections. */
const OTHER_FILES = 200
/** A client has some 28,000 ports for one destination. */
const PORTS_PER_SOURCE = 20_000
const SETTLE_MS = 1000

/** Climbs the ladder: at each step, users with long pauses, each on a connection of its own. */
export async function measureConnections(
  options: ConnectionsOptions,
  world: World,
): Promise<ConnectionsRaw> {
  const { target, scenario } = await takeAim(options, world)
  const pid = options.pid ?? pidOf(target)
  const rungs: Rung[] = []
  for (const [at, connections] of options.steps.entries()) {
    world.signal.throwIfAborted()
    world.progress.step(`${connections} connections`, at, options.steps.length)
    const startOverMs = Math.max(500, (connections / OPENED_PER_SECOND) * 1000)
    const durationMs = startOverMs + options.holdMs
    const plan = planLoad({
      target,
      scenario,
      model: 'closed',
      level: connections,
      durationMs,
      startOverMs,
      think: { kind: 'exponential', meanMs: (connections / options.rate) * 1000 },
      timeoutMs: options.timeoutMs,
      sources: options.sources.length > 0 ? options.sources : sourcesFor(connections, target),
      seed: world.seed,
    })
    const before = pid === null ? null : readHoldings(pid)
    let during: Holdings | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const result = await runLoad(plan, world, {
      workers: Math.max(options.workers, workersFor(connections)),
      onStart: () => {
        timer = setTimeout(
          () => {
            during = pid === null ? null : readHoldings(pid)
          },
          startOverMs + options.holdMs * 0.8,
        )
      },
    })
    clearTimeout(timer)
    rungs.push({ connections, result: { ...result, windows: [] }, before, during })
    await Bun.sleep(SETTLE_MS)
  }
  return { pid, rungs }
}

function pidOf({ hostnames, port }: Target): number | null {
  return hostnames.every(isLoopback) ? (listenerPid(port) ?? null) : null
}

/** How many workers are needed, since each may open only so many files. */
function workersFor(connections: number): number {
  return Math.ceil(connections / Math.max(1, filesMax() - OTHER_FILES))
}

function filesMax(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024)
  } catch {
    return 1024
  }
}

/** Several local addresses, for a server on this machine, if one has too few ports. */
function sourcesFor(connections: number, { hostnames }: Target): string[] {
  const isLocal = hostnames.every((hostname) => /^(127\.|localhost$)/.test(hostname))
  if (!isLocal || connections <= PORTS_PER_SOURCE) return []
  const count = Math.ceil(connections / PORTS_PER_SOURCE) + 1
  return Array.from({ length: count }, (_, at) => `127.0.0.${at + 1}`)
}
