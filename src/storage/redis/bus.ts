import type { Bus } from '../bus.ts'
import { createLocalBus } from '../memory/bus.ts'
import type { RedisStream } from './stream.ts'
import { UntoldError } from './stream-outbox.ts'

/**
 * A {@link Bus} over a stream in Redis. Subscribers of the publisher's process hear at once, whatever
 * becomes of Redis; those of others within the time of a round trip, or they are told of a gap: at once
 * when messages are known to be missing, and again and again for as long as nothing can be heard, so that
 * what is remembered meanwhile is never older than the pause between two gaps.
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
      // Under way before it is told here: what a listener publishes in answer comes after it.
      const { inTime } = stream.post(message.topic, message.payload)
      await local.bus.publish(message)
      // It stands in the queue, is in force here, and goes out as soon as Redis takes it.
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
