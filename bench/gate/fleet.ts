import type { Arm } from './arms.ts'
import { usesKeys } from './arms.ts'
import type { Server, StartOptions } from './child.ts'
import { makeKeyFolder, startServer } from './child.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'

/**
 * A process for each arm, all on the same processor; they share no heap, compiled code or garbage collector.
 * Only one of them runs at a time, because an idle server uses up to 5 % of a processor, most of it right
 * after it was busy, and would take that from the one that is measured.
 */
export interface Fleet {
  /** Secrets of the keys that every gate knows. Bare servers get the same requests. */
  readonly keys: readonly string[]
  readonly isPinned: boolean
  server(arm: Arm): Server
  /** Works with one server while all others are frozen. */
  alone<T>(arm: Arm, work: (server: Server) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Options of {@link startFleet}. */
export interface FleetOptions
  extends Pick<Options, 'keys' | 'cacheAgeMs'>, Pick<StartOptions, 'indexBytes'> {}

/** Makes the keys once, and starts each arm on a copy of them. */
export async function startFleet(
  arms: readonly Arm[],
  { keys, cacheAgeMs, indexBytes }: FleetOptions,
): Promise<Fleet> {
  progress(`making ${keys} keys`)
  const from = await makeKeyFolder(keys)
  const servers = new Map<string, Server>()
  const close = async (): Promise<void> => {
    await Promise.all([...servers.values()].map(async (server) => server.stop()))
    await from.remove()
  }
  try {
    for (const arm of arms) {
      progress(`starting ${arm.name}`)
      const server = await startServer({
        arm: arm.name,
        hosts: ['127.0.0.1'],
        ...(usesKeys(arm) && { from }),
        ...(cacheAgeMs !== undefined && { cacheAgeMs }),
        ...(indexBytes !== undefined && { indexBytes }),
      })
      servers.set(arm.name, server)
      server.freeze()
    }
    const serverOf = ({ name }: Arm): Server => servers.get(name)!
    return {
      keys: from.keys,
      isPinned: [...servers.values()].every(({ isPinned }) => isPinned),
      server: serverOf,
      async alone(arm, work) {
        const server = serverOf(arm)
        server.thaw()
        try {
          return await work(server)
        } finally {
          server.freeze()
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
