import type { Bus } from '../bus.ts'
import { createLocalBus } from '../memory/bus.ts'
import type { RedisStream } from './stream.ts'
import { UntoldError } from './stream-outbox.ts'

/**
 * A {@link Bus} over a stream in Redis. Subscribers in the publisher's process receive a message at once, whatever
 * happens to Redis. Those in other processes receive it within a round trip, or are told of a gap: at once if messages
 * are known to be missing, and repeatedly as long as nothing can be received, so that what they remember meanwhile is
 * never older than the pause between two gaps.
 */
export function createStreamBus(stream: RedisStream): Bus {
  const local = createLocalBus()
  let isOpen = true
  const unsubscribe = stream.subscribe({
    onEntry({ sender, topic, payload }) {
      if (sender !== stream.self) local.deliver({ kind: 'message', message: { topic, payload } })
    },
    onGap: () => void local.deliver({ kind: 'gap' }),
    onSilence: () => void local.deliver({ kind: 'gap', isSilence: true }),
    onLive: () => undefined,
  })
  return {
    async publish(message) {
      if (!isOpen) throw new Error('the bus is closed')
      // The message is sent before local listeners get it, so that what they publish in response comes after it.
      const { inTime } = stream.post(message.topic, message.payload)
      await local.bus.publish(message)
      // The message is queued, has taken effect here, and is sent as soon as Redis accepts it.
      await inTime.catch((error: unknown) => {
        if (!(error instanceof UntoldError)) throw error
      })
    },
    untold: () => stream.stats().waiting,
    hearsAll: stream.checkLive,
    subscribe: (listener) => local.bus.subscribe(listener),
    async close() {
      isOpen = false
      unsubscribe()
      await local.bus.close()
    },
  }
}
