import { defineScenario } from '../scenario/index.ts'
import { READ_SCENE } from './read-scene.ts'
import { keyFeed, meet } from './subject.ts'

const KEYS = 10_000

/** Every request uses the next of many keys; a gate with many keys must not be slower for it. */
export default defineScenario({
  name: 'keys',
  description: '10,000 API keys in turn (LAB_KEYS for another number).',
  tags: ['authorization'],
  load: { rate: 500, durationMs: 40_000, thresholds: ['p99<50ms', 'error_rate<0.1%'] },
  setup: async (context) => ({
    ...(await meet(context, { keys: Number(context.environment['LAB_KEYS'] ?? KEYS) || KEYS })),
  }),
  feeds: { key: keyFeed('keys') },
  requests: { read: READ_SCENE },
})
