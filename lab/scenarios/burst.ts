import { readScene } from './read-scene.ts'

export default readScene('burst', 'Five bursts of 2,000 requests a second on a base of 200.', {
  shape: 'burst',
  rate: 2000,
  durationMs: 60_000,
  thresholds: ['error_rate<0.1%'],
})
