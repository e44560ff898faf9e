import { toHex } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import type { Bus } from '../../storage/index.ts'

const TOPIC = 'identity'
/** Ids that fit one message. */
const IDS_PER_MESSAGE = 100

/**
 * Carries word of changed things (keys, token families, sessions, users, tenants), by their ids, to
 * this instance and the others.
 */
export interface IdentityChanges {
  /**
   * Takes effect here at once, then tells the others. Rejects when they cannot be told: the change is
   * stored and in force here, elsewhere within the age bound of the cache.
   */
  announce(ids: readonly string[]): Promise<void>
  close(): void
}

/**
 * Creates {@link IdentityChanges}. `apply` forgets everything that depends on an id; `undefined` means
 * everything, which is what a gap on the bus calls for.
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
