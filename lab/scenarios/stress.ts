import { readScene } from './read-scene.ts'

export default readScene(
  'stress',
  'Up to 50,000 requests a second: where does it give way, and how?',
  { shape: 'ramp', rate: 50_000, durationMs: 120_000, connectionsMax: 5000 },
)
