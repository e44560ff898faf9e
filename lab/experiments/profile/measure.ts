import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { World } from '../../core/index.ts'
import { LabError } from '../../core/index.ts'
import { endAtExit } from '../../machine/index.ts'
import { openSlicer } from '../../slices/index.ts'
import { startSubject } from '../../subject/index.ts'
import { parseCpuProfile, parseHeapProfile } from './frames.ts'
import type { ProfileOptions, ProfileRaw } from './raw.ts'

const END_ON_SIGNAL = join(import.meta.dirname, 'end-on-signal.mjs')
const SLICE_MS = 500

/** Starts the server under the profiler of its runtime, puts load on it, stops it and reads the profiles. */
export async function measureProfile(options: ProfileOptions, world: World): Promise<ProfileRaw> {
  if (!options.command.includes('{profile}')) {
    throw new LabError(
      'the command must say where options of the runtime go: bun {profile} server.ts --port {port}',
    )
  }
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-profile-'))
  const release = endAtExit({ folder })
  try {
    const load = await underLoad(options, profileFlags(options, folder), world)
    world.progress.step('reading the profiles', 1, 2)
    const cpu = await largest(folder, '.cpuprofile')
    const heap = options.heap ? await largest(folder, '.heapprofile') : undefined
    if (cpu === undefined) {
      throw new LabError(
        'the server wrote no profile: is {profile} where its runtime reads options?',
      )
    }
    const { root, samples } = parseCpuProfile(cpu)
    const memory = heap === undefined ? { heap: null, heapIs: null } : parseHeapProfile(heap)
    return { cpu: root, samples, ...memory, ...load }
  } finally {
    await rm(folder, { recursive: true, force: true })
    release()
  }
}

/** Options that both Bun and Node accept. */
function profileFlags({ command, heap }: ProfileOptions, folder: string): string {
  const isNode = /(?:^|[\s/])node\s/.test(command)
  return [
    isNode ? `--import=${END_ON_SIGNAL}` : `--preload=${END_ON_SIGNAL}`,
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    ...(heap
      ? [
          '--heap-prof',
          ...(isNode ? [`--diagnostic-dir=${folder}`] : [`--heap-prof-dir=${folder}`]),
        ]
      : []),
  ].join(' ')
}

async function underLoad(
  options: ProfileOptions,
  profile: string,
  world: World,
): Promise<Pick<ProfileRaw, 'failed' | 'requests'>> {
  const { command, path, method, headers, body, status, connections } = options
  const { signal, progress, monotonicMs } = world
  const subject = await startSubject({ command, path, places: { profile }, signal })
  try {
    const request = { url: new URL(path, subject.url).href, method, headers, body, status }
    const slicer = await openSlicer({ name: path, request }, connections, false, monotonicMs)
    try {
      const seen = await slicer.probe()
      if (seen !== status) throw new LabError(`${path} is answered with ${seen}, not ${status}`)
      progress.step('under load', 0, 2)
      const endMs = monotonicMs() + options.warmUpMs + options.durationMs
      let requests = 0
      let failed = 0
      while (monotonicMs() < endMs) {
        signal.throwIfAborted()
        const slice = await slicer.saturate(SLICE_MS, [])
        requests += slice.requests
        failed += slice.failed
        progress.live({ rate: `${Math.round(slice.requests / Math.max(slice.seconds, 1e-3))}/s` })
      }
      return { requests, failed }
    } finally {
      slicer.close()
    }
  } finally {
    await subject.stop()
  }
}

/** The largest file with an extension: if there are several processes, that of the one that did the work. */
async function largest(folder: string, ending: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending))
  const sized = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(join(folder, name))).size })),
  )
  const [first] = sized.toSorted((a, b) => b.size - a.size)
  return first === undefined ? undefined : readFile(join(folder, first.name), 'utf8')
}
