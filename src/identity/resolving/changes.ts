import { toHex } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import type { Bus } from '../../storage/index.ts'

const TOPIC = 'identity'
/** How many ids fit in one message. */
const IDS_PER_MESSAGE = 100

/** Announces changes (of keys, token families, sessions, users, tenants), by id, to this instance and the others. */
export interface IdentityChanges {
  /**
   * Applies the change here at once, then tells the others. Rejects if they cannot be told: the change is then stored
   * and in force here, and takes effect elsewhere within the age bound of the cache.
   */
  announce(ids: readonly string[]): Promise<void>
  close(): void
}

/**
 * Creates {@link IdentityChanges}. `apply` forgets everything that depends on an id; `undefined` means everything,
 * which is needed after a gap on the bus.
 */
export function createIdentityChanges(
  bus: Bus,
  random: Random,
  apply: (id: string | undefined) => void,
): IdentityChanges {
  const self = toHex(random.bytes(8))
  const unsubscribe = bus.subscribe((event) => {
    if (event.kind === 'gap') return apply(undefined)
    if (event.message.topic !== TOPIC) return undefined
    const [sender, ...ids] = event.message.payload.split(' ')
    if (sender !== self) for (const id of ids) apply(id)
    return undefined
  })
  return {
    async announce(ids) {
      for (const id of ids) apply(id)
      for (let from = 0; from < ids.length; from += IDS_PER_MESSAGE) {
        const payload = [self, ...ids.slice(from, from + IDS_PER_MESSAGE)].join(' ')
        await bus.publish({ topic: TOPIC, payload })
      }
    },
    close: unsubscribe,
  }
}
