import { join } from 'node:path'
import type { DiskLevel, FencedLevel, LayeredStore } from '../cache/index.ts'
import { createRedisLevel, FolderInUseError, openDiskLevel } from '../cache/index.ts'
import type { GatewayConfig, ResponseLevels, World } from '../gate/index.ts'
import type { Run } from './note-run.ts'
import { createWarmth } from './response-warmth.ts'
import type { SharedBus } from './shared-bus.ts'

/** The levels behind memory that store responses. */
export interface OpenLevels {
  readonly levels: ResponseLevels | undefined
  close(): Promise<void>
}

/** What {@link openResponseLevels} needs. */
export interface ResponseLevelsOptions {
  readonly config: GatewayConfig
  readonly dataFolder: string
  readonly shared: SharedBus | undefined
  /** The owner of the files: each process of a gate has its own. `undefined`: no files. */
  readonly owner: string | undefined
  /** Whether other processes of the gate take requests, too. */
  readonly isOneOfMany: boolean
  /** This run of the gate, and the previous one on the same data. */
  readonly run: Run | undefined
  readonly world: Pick<World, 'clock' | 'random' | 'logger'>
}

const MARK_INTERVAL_MS = 1000

/**
 * Opens the levels that the configuration asks for. Gates that share a Redis always exchange invalidations through it
 * in the same way, whatever else they keep there.
 */
export async function openResponseLevels(options: ResponseLevelsOptions): Promise<OpenLevels> {
  const { config, shared, world } = options
  const { redis: redisConfig } = config.cache
  const disk = await openDisk(options)
  const redis =
    shared === undefined || redisConfig === undefined
      ? undefined
      : createRedisLevel({
          redis: shared.redis,
          clock: world.clock,
          bus: shared.invalidations,
          entryBytesMax: redisConfig.entryMax,
        })
  const levels = [disk && behindStream(disk, shared), redis].filter((level) => level !== undefined)
  const endMarks = shared === undefined ? undefined : markOften(disk, shared)
  const warmth = levels.length === 0 ? undefined : createWarmth(options)
  return {
    levels: {
      levels,
      ...(shared !== undefined && {
        shared: {
          publish: async (name) => shared.invalidations.place(name),
          reaches: shared.invalidations.reaches,
        },
      }),
      ...(warmth !== undefined && { onLookup: warmth.touch }),
      start(store) {
        startHearing(store, disk, shared)
        void warmth?.warm(store, shared)
      },
    },
    async close() {
      await warmth?.close()
      clearInterval(endMarks)
      for (const level of levels) await level.close()
    },
  }
}

async function openDisk(options: ResponseLevelsOptions): Promise<DiskLevel | undefined> {
  const { config, dataFolder, owner, isOneOfMany, run, shared, world } = options
  const { disk } = config.cache
  if (disk === undefined || owner === undefined) return undefined
  try {
    const level = await openDiskLevel({
      folder: join(disk.folder ?? join(dataFolder, 'cache'), owner),
      bytesMax: disk.bytesMax,
      entryBytesMax: disk.entryMax,
      // Only responses are stored here; any other kind of entry is refused.
      accepts: ({ kind }) => kind === 'response',
      clock: world.clock,
      random: world.random,
      ...(run !== undefined && { run }),
    })
    // Other processes may have invalidated entries while this one was down, and without the stream there is no way to
    // know.
    if (isOneOfMany && shared === undefined) await level.invalidate({ kind: 'all', name: '' })
    return level
  } catch (error) {
    // A broken cache must not keep the gate from starting.
    const message = 'stored responses are not kept on disk'
    if (error instanceof FolderInUseError) world.logger.warn(message, { reason: error.message })
    else world.logger.error(message, { error })
    return undefined
  }
}

/** A disk level that is not used until the gate knows what others invalidated while it was closed. */
function behindStream(disk: DiskLevel, shared: SharedBus | undefined): FencedLevel {
  if (shared === undefined) return disk
  const { history } = shared.invalidations
  const unknown = {
    state: 'unavailable',
    reason: 'it is not known what others invalidated',
  } as const
  const isKnown = (): boolean => history.position() !== undefined
  return {
    name: disk.name,
    fence: () => (isKnown() ? disk.fence() : undefined),
    get: async (key, signal) => (isKnown() ? disk.get(key, signal) : unknown),
    getMany: async (keys, signal) =>
      isKnown() ? disk.getMany(keys, signal) : keys.map(() => unknown),
    set: async (key, entry, fence) => disk.set(key, entry, fence),
    delete: async (key) => disk.delete(key),
    invalidate: async (invalidation) => disk.invalidate(invalidation),
    stats: () => disk.stats(),
    close: async () => disk.close(),
  }
}

/**
 * Responses are content, not credentials: while no invalidations can be received, they are still served within their
 * lifetimes.
 */
function startHearing(
  store: LayeredStore,
  disk: DiskLevel | undefined,
  shared: SharedBus | undefined,
): void {
  const sink = {
    apply: store.apply,
    distrust: () => undefined,
    trust: () => undefined,
  }
  // Without a disk, nothing was stored before that could have missed an invalidation.
  const resumeFrom = disk === undefined ? undefined : (disk.lastSequence() ?? 'unknown')
  shared?.invalidations.start(sink, resumeFrom)
}

/** Records how far the disk has followed the stream, so that a restart need not discard it. */
function markOften(
  disk: DiskLevel | undefined,
  { invalidations, stream }: SharedBus,
): ReturnType<typeof setInterval> | undefined {
  if (disk === undefined) return undefined
  return setInterval(() => {
    const position = invalidations.history.position()
    if (position !== undefined && stream.isLive()) void disk.mark(position)
  }, MARK_INTERVAL_MS)
}
