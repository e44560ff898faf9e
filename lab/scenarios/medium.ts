import { readScene } from './read-scene.ts'

export default readScene('medium', '1,000 requests a second, steady.', {
  rate: 1000,
  durationMs: 60_000,
  thresholds: ['p99<50ms', 'error_rate<0.1%'],
})
