/** Takes three requests in flight from the storage of its parent, reports that, and waits to be killed. */
import { systemClock } from '../../core/clock.ts'
import { claimOf, concurrency, START_MS } from '../contract/claims.ts'
import { createRelayClient } from './client.ts'

const { counters } = createRelayClient({
  link: {
    send: (message) => {
      process.send?.(message)
    },
    onMessage: (listener) => {
      process.on('message', listener)
    },
    onClose: () => {},
  },
  clock: systemClock,
  timeoutMs: 5000,
})
for (let at = 0; at < 3; at++) await counters.take([claimOf(concurrency(5))], START_MS)
process.send?.('holding')
