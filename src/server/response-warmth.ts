import { join } from 'node:path'
import type { LayeredStore } from '../cache/index.ts'
import { createHotKeys, loadKeys, saveKeys, warmUp } from '../cache/index.ts'
import type { GatewayConfig, World } from '../gate/index.ts'
import type { SharedBus } from './shared-bus.ts'

/** Remembers across restarts which stored responses were requested most. */
export interface Warmth {
  /** Records that a key was looked up. */
  readonly touch: (key: string) => void
  /** Brings the keys of the last run into memory; each is verified by the level that holds it. */
  warm(store: LayeredStore, shared: SharedBus | undefined): Promise<void>
  close(): Promise<void>
}

/** What {@link createWarmth} needs. */
export interface WarmthOptions {
  readonly config: GatewayConfig
  readonly dataFolder: string
  readonly owner: string | undefined
  readonly world: Pick<World, 'clock' | 'logger'>
}

const SAVE_INTERVAL_MS = 30_000
const AT_ONCE = 16
const LOOK_INTERVAL_MS = 20

/** Creates a {@link Warmth}; only keys are saved, in the data folder. */
export function createWarmth(options: WarmthOptions): Warmth | undefined {
  const { config, dataFolder, owner, world } = options
  const { keys: keysMax, budget: budgetMs } = config.cache.warmUp
  if (keysMax === 0 || owner === undefined) return undefined
  const path = join(dataFolder, 'cache', `${owner}.keys`)
  const hot = createHotKeys(keysMax)
  const closing = new AbortController()
  const save = async (): Promise<void> => {
    try {
      await saveKeys(path, hot.hottest(keysMax))
    } catch (error) {
      world.logger.warn('the keys of hot responses could not be written', { error })
    }
  }
  const timer = setInterval(() => void save(), SAVE_INTERVAL_MS)
  return {
    touch: hot.touch,
    async warm(store, shared) {
      const { clock, logger } = world
      const untilMs = clock.monotonicMs() + budgetMs
      const keys = await loadKeys(path, keysMax)
      if (keys.length === 0) return
      // Nothing is used until it is known what others invalidated.
      const isLive = (): boolean => shared === undefined || shared.stream.isLive()
      while (!isLive() && clock.monotonicMs() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
      }
      const report = await warmUp({
        keys,
        restore: async (key) => store.restore(key, store.hash(key)),
        atOnce: AT_ONCE,
        budgetMs: Math.max(0, untilMs - clock.monotonicMs()),
        clock,
        signal: closing.signal,
      })
      logger.info('stored responses were warmed up', { ...report })
    },
    async close() {
      closing.abort()
      clearInterval(timer)
      await save()
    },
  }
}
