import { readScene } from './read-scene.ts'

export default readScene('steady users', '50 users who think for two seconds.', {
  users: 50,
  durationMs: 60_000,
  think: { kind: 'lognormal', medianMs: 2000, sigma: 0.5 },
})
