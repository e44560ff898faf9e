import { defineScenario } from '../scenario/index.ts'
import { keyFeed, meet } from './subject.ts'

const WORDS = 'sea light stone garden orbit music winter letter river machine'.split(' ')
const TEXTS = 500

/** Seven reads for every three writes; a tenth of both comes from users who must run into the limiter. */
export default defineScenario({
  name: 'store and recall',
  description: '30 % store, 70 % recall; a tenth of both by users who ask for more than they may.',
  tags: ['memory'],
  load: { rate: 100, durationMs: 60_000, thresholds: ['p99<250ms', 'error_rate<0.1%'] },
  setup: async (context) => ({ ...(await meet(context, { keys: 90, greedyKeys: 10 })) }),
  feeds: {
    key: keyFeed('keys'),
    greedy: keyFeed('greedyKeys'),
    text: {
      rows: ({ random }) =>
        Array.from({ length: TEXTS }, () => ({
          text: Array.from({ length: 30 }, () => WORDS[random.below(WORDS.length)]!).join(' '),
          word: WORDS[random.below(WORDS.length)]!,
        })),
      pick: { kind: 'uniform' },
    },
  },
  requests: {
    store: {
      weight: 27,
      method: 'POST',
      path: '/api/v1/memories',
      headers: { authorization: 'Bearer {{key.secret}}' },
      body: { text: '{{text.text}}' },
      checks: { status: 201 },
    },
    recall: {
      weight: 63,
      path: '/api/v1/memories/recall?q={{text.word}}&limit=5',
      headers: { authorization: 'Bearer {{key.secret}}' },
      checks: { status: 200 },
    },
    'greedy store': {
      weight: 3,
      method: 'POST',
      path: '/api/v1/memories',
      headers: { authorization: 'Bearer {{greedy.secret}}' },
      body: { text: '{{text.text}}' },
      checks: { status: [201, 429] },
    },
    'greedy recall': {
      weight: 7,
      path: '/api/v1/memories/recall?q={{text.word}}&limit=5',
      headers: { authorization: 'Bearer {{greedy.secret}}' },
      checks: { status: [200, 429] },
    },
  },
})
