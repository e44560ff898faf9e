import type { Arm } from './arms.ts'
import type { Server } from './child.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { Fleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import type { OpenLoop } from './open-loop.ts'
import { createOpenLoop } from './open-loop.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'

/** Servers under load at a fixed rate, each in a process of its own. */
export interface LatencyArms {
  readonly isPinned: boolean
  readonly alone: Fleet['alone']
  loop(arm: Arm): OpenLoop
  close(): Promise<void>
}

export const RATE_PER_SECOND = 10_000
const CONNECTIONS = 256
const WARM_CONNECTIONS = 64
/** How often every key is used at first; the gate reads the keys the first time. */
const WARM_TURNS = 2
const WARM_MS = 1000

/** Starts the servers, and lets each of them serve every key a few times. */
export async function openLatencyArms(
  arms: readonly Arm[],
  options: Pick<Options, 'keys' | 'cacheAgeMs'>,
): Promise<LatencyArms> {
  const fleet = await startFleet(arms, options)
  const requests = prepareRequests('post', fleet.keys)
  const loops = new Map<string, OpenLoop>()
  const close = async (): Promise<void> => {
    for (const loop of loops.values()) loop.close()
    await fleet.close()
  }
  try {
    const warmUp = async (arm: Arm, server: Server): Promise<void> => {
      progress(`warming up ${arm.name}`)
      const warming = await createClosedLoop(server, requests, WARM_CONNECTIONS)
      for (let turn = 0; turn < WARM_TURNS; turn++) await warming.once()
      warming.close()
      const loop = await createOpenLoop(server, requests, RATE_PER_SECOND, CONNECTIONS)
      loops.set(arm.name, loop)
      await loop.run(WARM_MS, 0)
    }
    for (const arm of arms) await fleet.alone(arm, async (server) => warmUp(arm, server))
  } catch (error) {
    await close()
    throw error
  }
  return {
    isPinned: fleet.isPinned,
    alone: fleet.alone,
    loop: ({ name }) => loops.get(name)!,
    close,
  }
}
