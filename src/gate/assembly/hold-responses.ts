import type { GatewayConfig } from '../config/index.ts'
import type { Responses, ResponsesParts } from './responses.ts'

/** Stored responses, from the moment a configuration first asks for them. */
export interface HeldResponses {
  /** `undefined` while no configuration has asked for them. */
  current(): Responses | undefined
  /** Creates them if this configuration is the first to ask for them. */
  provideFor(config: GatewayConfig): Promise<void>
  close(): void
}

/** The {@link ResponsesParts} that do not come from the configuration. */
export type HeldParts = Omit<ResponsesParts, 'config' | 'prefetch'>

/**
 * Creates {@link HeldResponses}. The code that stores responses is a quarter of the program, so a gate that
 * stores none starts without it; a reload may ask for it later.
 */
export function holdResponses(parts: HeldParts): HeldResponses {
  let held: Responses | undefined
  let isClosed = false
  let providing: Promise<void> = Promise.resolve()
  const provide = async ({ cache }: GatewayConfig): Promise<void> => {
    const { createResponses } = await import('./responses.ts')
    if (held !== undefined || isClosed) return
    held = createResponses({ ...parts, config: cache.responses, prefetch: cache.prefetch })
  }
  return {
    current: () => held,
    async provideFor(config) {
      if (!storesResponses(config)) return
      providing = providing.then(() => provide(config))
      await providing
    },
    close() {
      isClosed = true
      held?.close()
    },
  }
}

/** Whether responses are stored, or other processes must be told about invalidations. */
const storesResponses = ({ routes, cache, storage }: GatewayConfig): boolean =>
  routes.some((route) => route.cache !== undefined) ||
  cache.disk !== undefined ||
  cache.redis !== undefined ||
  storage.redis !== undefined
