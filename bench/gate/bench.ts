import { createSeededRandom } from '../../src/core/random.ts'
import type { Random } from '../../src/core/random.ts'
import type { Arm } from './arms.ts'
import type { Server } from './child.ts'
import type { ClosedLoop } from './closed-loop.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { Fleet, FleetOptions } from './fleet.ts'
import { startFleet } from './fleet.ts'
import type { Memory } from './messages.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'

/** Servers that have served every key a few times, and load for each. */
export interface Bench extends Fleet {
  readonly random: Random
  readonly arms: readonly Arm[]
  loop(arm: Arm): ClosedLoop
  /** Memory of the process of an arm before and after every key was used once. */
  memory(arm: Arm): { readonly before: Memory; readonly after: Memory }
}

/** Discarded at the start of each slice, while caches fill. */
export const DISCARD_MS = 50
const CONNECTIONS = 64
/** Seed of the random order of arms. */
export const SEED = 20_261_121
/** How often every key is used after the first time, so that compiler and garbage collector settle. */
const WARM_TURNS = 2

/** Starts the servers, and lets each of them serve every key a few times. */
export async function openBench(arms: readonly Arm[], options: FleetOptions): Promise<Bench> {
  const fleet = await startFleet(arms, options)
  const requests = {
    post: prepareRequests('post', fleet.keys),
    get: prepareRequests('get', fleet.keys),
  }
  const loops = new Map<string, ClosedLoop>()
  const memories = new Map<string, { readonly before: Memory; readonly after: Memory }>()
  const close = async (): Promise<void> => {
    for (const loop of loops.values()) loop.close()
    await fleet.close()
  }
  const warmUp = async (arm: Arm, server: Server): Promise<void> => {
    progress(`warming up ${arm.name}`)
    // The server ends connections that stay silent at first, so they are used as soon as they are open.
    const loop = await createClosedLoop(server, requests[arm.request], CONNECTIONS)
    loops.set(arm.name, loop)
    const before = await server.memory()
    await loop.once()
    memories.set(arm.name, { before, after: await server.memory() })
    for (let turn = 0; turn < WARM_TURNS; turn++) await loop.once()
    await server.drain()
  }
  try {
    for (const arm of arms) await fleet.alone(arm, async (server) => warmUp(arm, server))
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...fleet,
    random: createSeededRandom(SEED),
    arms,
    loop: ({ name }) => loops.get(name)!,
    memory: ({ name }) => memories.get(name)!,
    close,
  }
}
