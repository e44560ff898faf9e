import { readScene } from './read-scene.ts'

export default readScene('soak', '500 requests a second for an hour; --duration 24h for a day.', {
  shape: 'soak',
  rate: 500,
  durationMs: 3_600_000,
  thresholds: ['p99<50ms', 'error_rate<0.1%'],
})
