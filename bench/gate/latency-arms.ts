import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import type { Server } from './child.ts'
import { startServer } from './child.ts'
import { createClosedLoop } from './closed-loop.ts'
import type { OpenLoop } from './open-loop.ts'
import { createOpenLoop } from './open-loop.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'

/** Servers under load at a fixed rate, each in a process of its own. */
export interface LatencyArms {
  readonly isPinned: boolean
  loop(arm: Arm): OpenLoop
  close(): Promise<void>
}

export const RATE_PER_SECOND = 10_000
const CONNECTIONS = 256
const WARM_CONNECTIONS = 64
/** How often a gate is asked for every key: the first time it reads them. */
const WARM_TURNS = 2
const WARM_REQUESTS = 30_000
const WARM_MS = 1000

/**
 * Starts a process for each arm, so that none has the heap of another. Only a gate has keys; the bare servers
 * are sent the same requests.
 */
export async function openLatencyArms(
  names: readonly string[],
  { keys, cacheAgeMs }: Pick<Options, 'keys' | 'cacheAgeMs'>,
): Promise<LatencyArms> {
  const servers = new Map<string, Server>()
  const loops = new Map<string, OpenLoop>()
  const close = async (): Promise<void> => {
    for (const loop of loops.values()) loop.close()
    await Promise.all([...servers.values()].map(async (server) => server.stop()))
  }
  try {
    for (const name of names) {
      const isBare = armNamed(name).layers === 'bare'
      progress(isBare ? `starting ${name}` : `starting ${name}, making ${keys} keys`)
      const options = { keys: isBare ? 0 : keys, arms: [name], hosts: ['127.0.0.1'] }
      servers.set(
        name,
        await startServer({ ...options, ...(cacheAgeMs !== undefined && { cacheAgeMs }) }),
      )
    }
    const known = [...servers.values()].find((server) => server.keys.length > 1)
    const requests = prepareRequests('post', known?.keys ?? ['none'])
    for (const [name, server] of servers) {
      progress(`warming up ${name}`)
      const warming = await createClosedLoop(server, name, requests, WARM_CONNECTIONS)
      if (server === known) for (let turn = 0; turn < WARM_TURNS; turn++) await warming.once()
      await warming.some(WARM_REQUESTS)
      warming.close()
      const loop = await createOpenLoop(server, name, requests, RATE_PER_SECOND, CONNECTIONS)
      loops.set(name, loop)
      await loop.run(WARM_MS, 0)
    }
    return {
      isPinned: [...servers.values()].every(({ isPinned }) => isPinned),
      loop: ({ name }) => loops.get(name)!,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
