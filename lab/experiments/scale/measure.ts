import { availableParallelism } from 'node:os'
import type { World } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import type { Slice, Slicer } from '../../slices/index.ts'
import { openSlicer, processesOf } from '../../slices/index.ts'
import { startSubject } from '../../subject/index.ts'
import { startSyntheticServer } from '../../synthetic/index.ts'
import type { ScaleOptions, ScalePoint, ScaleRaw } from './raw.ts'

/** A running instance. */
interface Instance {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Starts each number of instances anew, in random order, and measures their total throughput. */
export async function measureScale(options: ScaleOptions, world: World): Promise<ScaleRaw> {
  const { sizes, repeats } = options
  const jobs = Array.from({ length: repeats }, (_, repeat) =>
    world.random.shuffle([...sizes]).map((size) => ({ size, repeat })),
  ).flat()
  const points: ScalePoint[] = []
  for (const [at, { size, repeat }] of jobs.entries()) {
    world.signal.throwIfAborted()
    world.progress.step(`${size} instances`, at, jobs.length)
    const point = await measureSize(size, options, world)
    points.push({ size, repeat, ...point })
    world.progress.live({ rate: `${Math.round(point.perSecond)}/s` })
  }
  return { points, cores: availableParallelism() }
}

async function measureSize(
  size: number,
  options: ScaleOptions,
  world: World,
): Promise<Omit<ScalePoint, 'repeat' | 'size'>> {
  const instances: Instance[] = []
  const slicers: Slicer[] = []
  try {
    for (let at = 0; at < size; at += 1) instances.push(await startInstance(options, world))
    for (const [at, { url }] of instances.entries()) {
      const { path, headers, status, connections } = options
      const request = { url: new URL(path, url).href, method: 'GET', headers, body: null, status }
      const named = { name: `instance ${at + 1}`, request }
      const slicer = await openSlicer(named, connections, false, world.monotonicMs)
      slicers.push(slicer)
      const seen = await slicer.probe()
      if (seen !== status)
        throw new LabError(`${request.url} is answered with ${seen}, not ${status}`)
    }
    const together = async () =>
      Promise.all(
        slicers.map(async (slicer, at) =>
          // One process sends to all of them; its processor use shows whether that suffices.
          slicer.saturate(options.sliceMs, processesOf(instances[at]!.pid), { maySleep: true }),
        ),
      )
    await together()
    const { slices, generatorCores } = await unlessStalled(together, world)
    const cores = slices.map(({ cpuNs, seconds }) =>
      cpuNs === null ? null : cpuNs / 1e9 / seconds,
    )
    return {
      perSecond: slices.reduce((sum, { requests, seconds }) => sum + requests / seconds, 0),
      failed: slices.reduce((sum, { failed }) => sum + failed, 0),
      serverCores: cores.includes(null)
        ? null
        : cores.reduce((sum: number, one) => sum + (one ?? 0), 0),
      generatorCores,
    }
  } finally {
    for (const slicer of slicers) slicer.close()
    await Promise.all(instances.map(async (instance) => instance.stop()))
  }
}

const ATTEMPTS_MAX = 10

/** Slices of all instances at once, and the cores that the generator used; repeated if a slice is unusable. */
async function unlessStalled(
  together: () => Promise<readonly Slice[]>,
  { monotonicMs, signal }: World,
): Promise<{ readonly slices: readonly Slice[]; readonly generatorCores: number }> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    signal.throwIfAborted()
    const before = process.cpuUsage()
    const startMs = monotonicMs()
    const slices = await together()
    const { user, system } = process.cpuUsage(before)
    const generatorCores = (user + system) / 1000 / (monotonicMs() - startMs)
    if (slices.every(({ seconds }) => seconds > 0)) return { slices, generatorCores }
  }
  throw new LabError(`the instances stood still in each of ${ATTEMPTS_MAX} slices`)
}

async function startInstance(
  { subject, path }: ScaleOptions,
  { signal }: World,
): Promise<Instance> {
  if (subject.kind === 'command') return startSubject({ command: subject.command, path, signal })
  const { concurrent, serviceMs } = subject
  return startSyntheticServer({ capacity: { concurrent, serviceMs, queueMax: 10_000 } })
}
