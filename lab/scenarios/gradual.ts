import { readScene } from './read-scene.ts'

export default readScene('gradual', 'Up to 500 users, more and more of them.', {
  shape: 'ramp',
  users: 500,
  durationMs: 120_000,
  think: { kind: 'exponential', meanMs: 1000 },
})
