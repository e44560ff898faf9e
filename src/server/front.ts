import type { Nouns } from '../gate/index.ts'
import { largestBodyOf } from '../gate/index.ts'
import type { SharedPlace } from './door.ts'
import type { Http1Listener } from './http1/index.ts'
import type { Fleet, FleetOptions } from './workers/fleet.ts'
import { startFleet } from './workers/fleet.ts'

/** Takes the requests: in this process, or in worker processes. */
export type Front = Pick<
  Fleet,
  'apply' | 'figures' | 'explain' | 'metrics' | 'stop' | 'abandon'
> & {
  readonly url: string
}

/** Takes the requests in this process. */
export function standAlone(listener: Http1Listener): Front {
  return {
    url: listener.url,
    apply: async (config) => listener.boundBodies(largestBodyOf(config)),
    figures: async () => [],
    explain: async () => [],
    metrics: async () => [],
    stop: async (deadlineMs) => listener.drain(deadlineMs),
    abandon: async () => void (await listener.drain(0)),
  }
}

/** Leaves the requests to workers. */
export async function standBehind(
  { address, claim, release }: SharedPlace,
  options: Omit<FleetOptions, 'address' | 'claim'>,
): Promise<Front> {
  const fleet = await startFleet({ ...options, address, claim })
  registerChecks(options.nouns, fleet)
  await release()
  const scheme = options.boot.listen.tls === undefined ? 'http' : 'https'
  return { ...fleet, url: `${scheme}://${address}` }
}

/** At least one worker must serve; health also shows when not all do. */
function registerChecks({ signals: { health } }: Nouns, fleet: Fleet): void {
  const atLeast = (count: number) => (): void => {
    const serving = fleet.serving()
    if (serving < count) throw new Error(`${serving} of ${fleet.size} workers serve`)
  }
  health.register({ name: 'worker', run: atLeast(1) })
  health.register({ name: 'workers', run: atLeast(fleet.size), critical: false })
}
