import { defineScenario } from '../scenario/index.ts'
import { keyFeed, meet } from './subject.ts'

const PER_DAY = 10_000
const DAY_SECONDS = 86_400
const MINUTE_MS = 60_000

/** How much faster than in reality: LAB_ACCELERATE=864 sends the events of a day in 100 s. */
const factor = Math.max(1, Number(process.env['LAB_ACCELERATE'] ?? 1) || 1)

/** Events as a service delivers them: 10,000 a day, at random moments, each with a body to store. */
export default defineScenario({
  name: 'webhook',
  description: '10,000 events a day; LAB_ACCELERATE makes a day shorter.',
  tags: ['webhook'],
  load: {
    rate: (PER_DAY / DAY_SECONDS) * factor,
    durationMs: Math.max(MINUTE_MS, (DAY_SECONDS * 1000) / factor),
    thresholds: ['error_rate<=0%'],
  },
  setup: async (context) => ({ ...(await meet(context, { keys: 5 })) }),
  feeds: {
    key: keyFeed('keys'),
    event: {
      rows: Array.from({ length: 100 }, (_, id) => ({
        id,
        kind: id % 3 === 0 ? 'scene' : 'memory',
      })),
    },
  },
  requests: {
    event: {
      method: 'POST',
      path: '/api/v1/memories',
      headers: { authorization: 'Bearer {{key.secret}}' },
      body: { text: 'event {{event.id}} of kind {{event.kind}}', source: 'webhook' },
      checks: { status: 201 },
    },
  },
})
