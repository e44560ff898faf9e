import { createSeededRandom } from '../../src/core/random.ts'
import type { Random } from '../../src/core/random.ts'
import type { Arm } from './arms.ts'
import { ARMS, armNamed, baselineOf } from './arms.ts'
import type { Server } from './child.ts'
import { startServer } from './child.ts'
import type { ClosedLoop } from './closed-loop.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { Memory } from './messages.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'

/** A server that has served every key once, and load for each of its arms. */
export interface Bench {
  readonly server: Server
  readonly random: Random
  readonly arms: readonly Arm[]
  /** Memory before and after every key was used once. */
  readonly memory: { readonly before: Memory; readonly after: Memory }
  loop(arm: Arm): ClosedLoop
  close(): Promise<void>
}

/** Discarded at the start of each slice: answers of before, and caches that have to fill. */
export const DISCARD_MS = 50
const CONNECTIONS = 64
/** Of the lots that decide the order of arms. */
export const SEED = 20_261_121
const WARM_MS = 1000
/** How often every key is used before anything is measured: compilers and collectors settle meanwhile. */
const WARM_TURNS = 2

/** What {@link openBench} is told. */
export interface BenchOptions extends Pick<Options, 'keys' | 'cacheAgeMs'> {
  readonly indexBytes?: number
}

/** The arms named and their baselines; all of them by default. */
export function armsOf(names: readonly string[] | undefined): readonly Arm[] {
  if (names === undefined) return ARMS
  const chosen = names.map(armNamed)
  return ARMS.filter((arm) => chosen.some((one) => one === arm || baselineOf(one) === arm))
}

/** Starts the server, makes the keys, and lets every arm run once and every key a few times. */
export async function openBench(
  arms: readonly Arm[],
  { keys, cacheAgeMs, indexBytes }: BenchOptions,
): Promise<Bench> {
  progress(`making ${keys} keys`)
  const server = await startServer({
    keys,
    ...(cacheAgeMs !== undefined && { cacheAgeMs }),
    ...(indexBytes !== undefined && { indexBytes }),
    arms: arms.map(({ name }) => name),
    hosts: ['127.0.0.1'],
  })
  const requests = {
    post: prepareRequests('post', server.keys),
    get: prepareRequests('get', server.keys),
  }
  const loops = new Map<string, ClosedLoop>()
  const close = async (): Promise<void> => {
    for (const loop of loops.values()) loop.close()
    await server.stop()
  }
  // The server ends connections that stay silent at first: each arm's are used as soon as they stand.
  const connect = async ({ name, request }: Arm): Promise<ClosedLoop> =>
    createClosedLoop(server, name, requests[request], CONNECTIONS)
  const useEveryKey = async (arm: Arm): Promise<void> => {
    progress('using every key once')
    const loop = await connect(arm)
    await loop.once()
    loop.close()
  }
  try {
    const before = await server.memory()
    const full = arms.find(({ layers }) => layers !== 'bare' && layers.limits === true)
    if (full !== undefined) await useEveryKey(full)
    const after = await server.memory()
    for (const arm of arms) {
      progress(`warming up ${arm.name}`)
      const loop = await connect(arm)
      loops.set(arm.name, loop)
      await loop.run(WARM_MS, DISCARD_MS)
    }
    if (full !== undefined) for (let turn = 0; turn < WARM_TURNS; turn++) await useEveryKey(full)
    return {
      server,
      random: createSeededRandom(SEED),
      arms,
      memory: { before, after },
      loop: ({ name }) => loops.get(name)!,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
