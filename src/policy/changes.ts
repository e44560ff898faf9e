import { toHex } from '../core/bytes.ts'
import type { Random } from '../core/random.ts'
import type { Bus } from '../storage/index.ts'

const TOPIC = 'policy'

type Listener = (tenantId: string | undefined) => void

/** Announces changed roles to this instance's listeners and to other instances. */
export interface PolicyChanges {
  /** Applies the change here, then publishes it to the others; resolves once it is on its way. */
  announce(tenantId: string | undefined): Promise<void>
  /** Applies the change on this instance only. */
  applyHere(tenantId: string | undefined): void
  onChange(listener: Listener): () => void
  close(): void
}

/** Creates {@link PolicyChanges}. A gap on the bus counts as a change of every tenant. */
export function createPolicyChanges(bus: Bus, random: Random): PolicyChanges {
  const self = toHex(random.bytes(8))
  const listeners = new Set<Listener>()
  const tell = (tenantId: string | undefined): void => {
    for (const listener of listeners) listener(tenantId)
  }
  const unsubscribe = bus.subscribe((event) => {
    if (event.kind === 'gap') return tell(undefined)
    if (event.message.topic !== TOPIC) return undefined
    const [sender, tenantId] = event.message.payload.split(' ', 2)
    return sender === self ? undefined : tell(tenantId === '' ? undefined : tenantId)
  })
  return {
    async announce(tenantId) {
      tell(tenantId)
      await bus.publish({ topic: TOPIC, payload: `${self} ${tenantId ?? ''}` })
    },
    applyHere: tell,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: unsubscribe,
  }
}
