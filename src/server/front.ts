import type { Nouns } from '../gate/index.ts'
import { largestBodyOf } from '../gate/index.ts'
import type { Door } from './door.ts'
import type { ListenerWiring } from './listener.ts'
import type { Fleet, FleetOptions } from './workers/fleet.ts'
import { startFleet } from './workers/fleet.ts'

/** What takes the requests: this process, or worker processes. */
export type Front = Pick<Fleet, 'apply' | 'figures' | 'explain' | 'metrics' | 'stop' | 'abandon'>

/** Takes the requests in this process. */
export function standAlone(door: Door, wiring: ListenerWiring): Front {
  door.open(wiring)
  return {
    apply: async (config) => door.listener.boundBodies(largestBodyOf(config)),
    figures: async () => [],
    explain: async () => [],
    metrics: async () => [],
    stop: async (deadlineMs) => door.listener.drain(deadlineMs),
    abandon: async () => {},
  }
}

/** Leaves the requests to workers; the door held their address until they all serve. */
export async function standBehind(
  door: Door,
  options: Omit<FleetOptions, 'address'>,
): Promise<Front> {
  const fleet = await startFleet({ ...options, address: door.address })
  registerChecks(options.nouns, fleet)
  await door.listener.drain(0)
  return fleet
}

/** Some must serve, and it is shown when not all do. */
function registerChecks({ signals: { health } }: Nouns, fleet: Fleet): void {
  const atLeast = (count: number) => (): void => {
    const serving = fleet.serving()
    if (serving < count) throw new Error(`${serving} of ${fleet.size} workers serve`)
  }
  health.register({ name: 'worker', run: atLeast(1) })
  health.register({ name: 'workers', run: atLeast(fleet.size), critical: false })
}
