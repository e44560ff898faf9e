import { readScene } from './read-scene.ts'

export default readScene(
  'high',
  '10,000 requests a second, steady; the generator must be on time to 2 ms.',
  {
    rate: 10_000,
    durationMs: 60_000,
    connectionsMax: 2000,
    thresholds: ['p99<100ms', 'error_rate<1%'],
  },
)
