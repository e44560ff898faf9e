import type { GatewayConfig } from '../config/index.ts'
import type { Responses, ResponsesParts } from './responses.ts'

/** Stored responses, from when a configuration asks for them. */
export interface HeldResponses {
  /** `undefined` while none has. */
  current(): Responses | undefined
  /** Creates them if the configuration asks for them and none before has. */
  provideFor(config: GatewayConfig): Promise<void>
  close(): void
}

/** What the configuration does not say of {@link ResponsesParts}. */
export type HeldParts = Omit<ResponsesParts, 'config' | 'prefetch'>

/**
 * Holds stored responses. What stores them is a quarter of the program, so a gate that stores none starts
 * without it; a reload may ask for it later.
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

/** Whether something is stored, or others must be told of what is invalidated. */
const storesResponses = ({ routes, cache, storage }: GatewayConfig): boolean =>
  routes.some((route) => route.cache !== undefined) ||
  cache.disk !== undefined ||
  cache.redis !== undefined ||
  storage.redis !== undefined
