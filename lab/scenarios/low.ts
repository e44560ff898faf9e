import { readScene } from './read-scene.ts'

export default readScene('low', '100 requests a second, steady.', {
  rate: 100,
  durationMs: 60_000,
  thresholds: ['p99<50ms', 'error_rate<0.1%'],
})
