import { formatQuantity, LabError } from '../../core/index.ts'
import type { World } from '../../core/index.ts'
import type { Aim, LoadResult } from '../../load/index.ts'
import { plainAim, planLoad, runLoad, summarizeLoad, takeAim } from '../../load/index.ts'
import { listenerPid } from '../../machine/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { LeakOptions, LeakPhase, LeakRaw, LeakWindow, MemorySource } from './raw.ts'
import type { Reading } from './read-memory.ts'
import { readMemory } from './read-memory.ts'

/** A server to put load on and to read memory of. */
interface Subject {
  readonly aim: Aim
  readonly memory: MemorySource
  readonly pid: number | null
}

const CONNECTIONS = 64
/** Servers may not accept a connection before it has sent something, for about a second (TCP_DEFER_ACCEPT). */
const WARM_UP_MS_MIN = 1500
/** The load goes on this much longer, so that the last reading is still under load. */
const TAIL_MS = 1500
/** Readings per window, of which the smallest counts. */
const READINGS = 4
/** The control grows by this share of its level: more than the rule requires. */
const CONTROL_GROWTH = 0.2
const CONTROL_LEVEL_BYTES = 60e6

/** The result of a phase that did not take place. */
const NOTHING: LeakPhase = { durationMs: 0, windows: [], requests: 0, failed: 0 }

type Phases = { -readonly [Phase in 'control' | 'idle' | 'load']: LeakPhase }

/**
 * Puts a constant load on the server and watches its memory, then runs the two controls. If it is ended early, it
 * returns what was observed by then, provided that is at least one window of the load.
 */
export async function measureLeak(options: LeakOptions, world: World): Promise<LeakRaw> {
  const { subject } = options
  const controlLeakBytes = Math.ceil(
    (CONTROL_GROWTH * CONTROL_LEVEL_BYTES) / Math.max(1, (options.rate * options.controlMs) / 1000),
  )
  const seen: Phases = { load: NOTHING, idle: NOTHING, control: NOTHING }
  try {
    if (subject.kind === 'synthetic') {
      await withSynthetic(subject.leakBytes, async (own) => watchBoth(own, seen, options, world))
    } else await watchBoth({ ...subject, pid: pidOf(subject) }, seen, options, world)
    world.progress.step(`control: a known leak, for ${span(options.controlMs)}`, 2, 3)
    seen.control = await withSynthetic(controlLeakBytes, async (known) =>
      loadPhase(known, { ...options, durationMs: options.controlMs, warmUpMs: 0 }, world),
    )
  } catch (error) {
    if (!world.signal.aborted || seen.load.windows.length === 0) throw error
  }
  const collected = subject.kind === 'synthetic' || subject.memory.collectUrl !== null
  const interrupted = world.signal.aborted ? { interrupted: true as const } : {}
  return { ...seen, controlLeakBytes, collected, ...interrupted }
}

const span = (ms: number): string => formatQuantity(ms, 'milliseconds')

/** Under load first, so that everything that is filled once has been filled before the phase without load. */
async function watchBoth(
  subject: Subject,
  seen: Phases,
  options: LeakOptions,
  world: World,
): Promise<void> {
  const { durationMs, warmUpMs, controlMs } = options
  world.progress.step(
    `under load for ${span(durationMs)}, after ${span(warmUpMs)} of warm-up`,
    0,
    3,
  )
  seen.load = await loadPhase(subject, options, world)
  world.signal.throwIfAborted()
  world.progress.step(`control: without load, for ${span(controlMs)}`, 1, 3)
  const windows: LeakWindow[] = []
  await watch(subject, { forMs: controlMs, count: options.windows, into: windows }, world)
  seen.idle = { durationMs: controlMs, windows, requests: 0, failed: 0 }
}

async function withSynthetic<Result>(
  leakBytes: number,
  use: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const server = await startSyntheticServer({ leakBytes })
  try {
    const aim = plainAim(`${server.url}/leak`)
    const memory: MemorySource = {
      url: `${server.url}/stats`,
      path: '/heapBytes',
      collectUrl: `${server.url}/gc`,
      collectMethod: 'POST',
      headers: {},
      pid: server.pid,
    }
    return await use({ aim, memory, pid: server.pid })
  } finally {
    await server.stop()
  }
}

function pidOf({
  aim,
  memory,
}: {
  readonly aim: Aim
  readonly memory: MemorySource
}): number | null {
  const { port, protocol } = new URL(aim.target)
  return memory.pid ?? listenerPid(Number(port || (protocol === 'https:' ? 443 : 80))) ?? null
}

async function loadPhase(
  subject: Subject,
  { rate, durationMs, windows: count, ...options }: Omit<LeakOptions, 'subject'>,
  world: World,
): Promise<LeakPhase> {
  const { target, scenario } = await takeAim(subject.aim, world)
  const warmUpMs = Math.max(options.warmUpMs, WARM_UP_MS_MIN)
  const plan = planLoad({
    target,
    scenario,
    level: rate,
    durationMs: warmUpMs + durationMs + TAIL_MS,
    warmUpMs,
    seed: world.seed,
    // All connections from the start: opened later, when it gets busy, they would look like leaking files.
    connectionsMax: CONNECTIONS,
    connectionsWarm: CONNECTIONS,
  })
  const started = Promise.withResolvers<void>()
  const ended: { failure?: Error } = {}
  const load: Promise<LoadResult | undefined> = runLoad(plan, world, {
    onStart: () => started.resolve(),
  }).catch((error: unknown) => {
    ended.failure = error instanceof Error ? error : new Error(String(error))
    started.resolve()
    return undefined
  })
  const windows: LeakWindow[] = []
  await started.promise
  try {
    await pause(warmUpMs, world, ended)
    await watch(subject, { forMs: durationMs, count, into: windows }, world, ended)
  } catch (error) {
    if (!world.signal.aborted) throw error
  }
  const result = await load
  if (result === undefined) throw ended.failure ?? new LabError('the load broke off')
  const { succeeded, failed } = summarizeLoad(result)
  const watchedMs = (durationMs * windows.length) / count
  const loadMs = Math.min(result.elapsedMs, result.durationMs) - warmUpMs
  const requests = Math.round(succeeded * Math.min(1, watchedMs / Math.max(1, loadMs)))
  return { durationMs: watchedMs, windows, requests, failed }
}

interface Watch {
  readonly forMs: number
  readonly count: number
  /** Receives each window when it is over. */
  readonly into: LeakWindow[]
}

/**
 * Reads memory at regular intervals and keeps the smallest reading of each window. A reading that fails is skipped,
 * unless it is the very first, or all readings of a window fail.
 */
async function watch(
  { memory, pid }: Subject,
  { forMs, count, into: windows }: Watch,
  world: World,
  ended: { readonly failure?: Error } = {},
): Promise<void> {
  const startMs = world.monotonicMs()
  const windowMs = forMs / count
  for (let window = 0; window < count; window += 1) {
    const readings: Reading[] = []
    for (let reading = 0; reading < READINGS; reading += 1) {
      const dueMs = startMs + windowMs * (window + (reading + 0.5) / READINGS)
      await pause(dueMs - world.monotonicMs(), world, ended)
      try {
        readings.push(await readMemory(memory, pid))
      } catch (error) {
        const isFirst = window === 0 && reading === 0
        const isLast = reading === READINGS - 1 && readings.length === 0
        if (isFirst || isLast) throw error
        world.progress.note(`a reading of the memory failed: ${String(error)}`)
      }
    }
    const least = (of: (reading: Reading) => number | null): number | null => {
      const values = readings.flatMap((reading) => of(reading) ?? [])
      return values.length === 0 ? null : Math.min(...values)
    }
    windows.push({
      atMs: windowMs * (window + 0.5),
      heapBytes: least(({ heapBytes }) => heapBytes),
      residentBytes: least(({ residentBytes }) => residentBytes),
      handles: least(({ handles }) => handles),
    })
    const last = windows.at(-1)
    const bytes = last?.heapBytes ?? last?.residentBytes
    if (bytes === null || bytes === undefined) {
      throw new LabError(
        'nothing tells the memory of this server: say --memory-url, or --pid of a process here',
      )
    }
    world.progress.live({
      window: `${window + 1} of ${count}`,
      memory: `${(bytes / 1e6).toFixed(1)} MB`,
    })
  }
}

/** Sleeps in short steps, so that an abort or the end of the load is noticed soon. */
async function pause(
  ms: number,
  { signal, monotonicMs }: World,
  ended: { readonly failure?: Error },
): Promise<void> {
  const endMs = monotonicMs() + ms
  for (let leftMs = ms; leftMs > 0; leftMs = endMs - monotonicMs()) {
    signal.throwIfAborted()
    if (ended.failure !== undefined) throw ended.failure
    await Bun.sleep(Math.min(leftMs, 200))
  }
}
