import { defineScenario } from '../scenario/index.ts'
import type { Subject } from './subject.ts'
import { meet } from './subject.ts'

/** Keys that a run uses for the first time; as long as there are unused ones, each is a miss. */
const COLD_KEYS = 1000

const keys = (from: number, to?: number) => (setup: unknown) =>
  (setup as Subject).keys.slice(from, to).map((secret) => ({ secret }))
const hot = keys(0, 1)
const cold = keys(1)

/**
 * The same request with a credential that the gate has just seen, with a new one, and with an invalid one: what
 * caching credentials gains, and that it does not help callers without one.
 */
export default defineScenario({
  name: 'authorization',
  description: 'Credentials that are remembered, that are new, and that are wrong.',
  tags: ['authorization'],
  load: { rate: 100, durationMs: 30_000, thresholds: ['error_rate<0.1%'] },
  setup: async (context) => ({
    ...(await meet(context, {
      keys: (Number(context.environment['LAB_KEYS'] ?? COLD_KEYS) || COLD_KEYS) + 1,
    })),
  }),
  feeds: {
    hot: { rows: ({ setup }) => hot(setup) },
    cold: { rows: ({ setup }) => cold(setup), pick: { kind: 'cycle' } },
  },
  requests: {
    hit: {
      weight: 70,
      path: '/scene',
      headers: { authorization: 'Bearer {{hot.secret}}' },
      checks: { status: 200 },
    },
    miss: {
      weight: 28,
      path: '/scene',
      headers: { authorization: 'Bearer {{cold.secret}}' },
      checks: { status: 200 },
    },
    nobody: { weight: 2, path: '/scene', checks: { status: 401 } },
  },
})
