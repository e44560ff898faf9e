import { formatQuantity, LabError } from '../../core/index.ts'
import type { World } from '../../core/index.ts'
import type { Aim, LoadResult } from '../../load/index.ts'
import { plainAim, planLoad, runLoad, summarizeLoad, takeAim } from '../../load/index.ts'
import { listenerPid } from '../../machine/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { LeakOptions, LeakPhase, LeakRaw, LeakWindow, MemorySource } from './raw.ts'
import type { Reading } from './read-memory.ts'
import { readMemory } from './read-memory.ts'

/** Something to read memory of, and to put load on. */
interface Subject {
  readonly aim: Aim
  readonly memory: MemorySource
  readonly pid: number | null
}

const CONNECTIONS = 64
/** Servers may not take a connection until something comes, for about a second (TCP_DEFER_ACCEPT). */
const WARM_UP_MS_MIN = 1500
/** The load goes on a little longer, so that the last reading is not one without it. */
const TAIL_MS = 1500
/** Readings of a window, of which the smallest counts. */
const READINGS = 4
/** The control must grow by more than the rule asks for: by this share of its level. */
const CONTROL_GROWTH = 0.2
const CONTROL_LEVEL_BYTES = 60e6

/** Puts a constant load on the server and watches its memory; then the two controls. */
export async function measureLeak(options: LeakOptions, world: World): Promise<LeakRaw> {
  const { subject } = options
  const controlLeakBytes = Math.ceil(
    (CONTROL_GROWTH * CONTROL_LEVEL_BYTES) / Math.max(1, (options.rate * options.controlMs) / 1000),
  )
  const watched =
    subject.kind === 'synthetic'
      ? await watchSynthetic(subject.leakBytes, options, world)
      : await watchBoth({ ...subject, pid: pidOf(subject) }, options, world)
  world.progress.step(`control: a known leak, for ${span(options.controlMs)}`, 2, 3)
  const control = await withSynthetic(controlLeakBytes, async (known) =>
    loadPhase(known, { ...options, durationMs: options.controlMs, warmUpMs: 0 }, world),
  )
  const collected = subject.kind === 'synthetic' || subject.memory.collectUrl !== null
  return { ...watched, control, controlLeakBytes, collected }
}

async function watchSynthetic(
  leakBytes: number,
  options: LeakOptions,
  world: World,
): Promise<Pick<LeakRaw, 'idle' | 'load'>> {
  return withSynthetic(leakBytes, async (subject) => watchBoth(subject, options, world))
}

const span = (ms: number): string => formatQuantity(ms, 'milliseconds')

/** Under load first: afterwards everything that is filled once is filled. */
async function watchBoth(
  subject: Subject,
  options: LeakOptions,
  world: World,
): Promise<Pick<LeakRaw, 'idle' | 'load'>> {
  const { durationMs, warmUpMs, controlMs } = options
  world.progress.step(
    `under load for ${span(durationMs)}, after ${span(warmUpMs)} of warm-up`,
    0,
    3,
  )
  const load = await loadPhase(subject, options, world)
  world.progress.step(`control: without load, for ${span(controlMs)}`, 1, 3)
  const windows = await watch(subject, { forMs: options.controlMs, count: options.windows }, world)
  return { load, idle: { durationMs: options.controlMs, windows, requests: 0, failed: 0 } }
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
    // All from the start: connections opened when it gets busy would look like files that leak.
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
  await started.promise
  await pause(warmUpMs, world, ended)
  const windows = await watch(subject, { forMs: durationMs, count }, world, ended)
  const result = await load
  if (result === undefined) throw ended.failure ?? new LabError('the load broke off')
  const { succeeded, failed } = summarizeLoad(result)
  const requests = Math.round((succeeded * durationMs) / (durationMs + TAIL_MS))
  return { durationMs, windows, requests, failed }
}

interface Watch {
  readonly forMs: number
  readonly count: number
}

/** Reads memory at equal distances and keeps the smallest of each window. */
async function watch(
  { memory, pid }: Subject,
  { forMs, count }: Watch,
  world: World,
  ended: { readonly failure?: Error } = {},
): Promise<readonly LeakWindow[]> {
  const startMs = world.monotonicMs()
  const windowMs = forMs / count
  const windows: LeakWindow[] = []
  for (let window = 0; window < count; window += 1) {
    const readings: Reading[] = []
    for (let reading = 0; reading < READINGS; reading += 1) {
      const dueMs = startMs + windowMs * (window + (reading + 0.5) / READINGS)
      await pause(dueMs - world.monotonicMs(), world, ended)
      readings.push(await readMemory(memory, pid))
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
  return windows
}

/** Sleeps in short steps: an abort, or a load that broke off, is noticed soon. */
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
