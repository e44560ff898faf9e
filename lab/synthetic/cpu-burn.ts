/** Uses the processor for some time, as a layer of a gate would. */
export interface CpuBurner {
  burn(us: number): void
}

const ROUNDS_PER_LOOK = 200

/**
 * Measures how fast this processor works and burns by counting, so that a slower moment costs more
 * time, as real work does.
 */
export function createCpuBurner(clockMs: () => number): CpuBurner {
  let state = 1
  const spin = (rounds: number): void => {
    for (let at = 0; at < rounds; at += 1)
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at
  }
  // The first rounds run before the code is compiled.
  for (let at = 0; at < 2000; at += 1) spin(ROUNDS_PER_LOOK)
  const speeds = Array.from({ length: 15 }, () => {
    const startMs = clockMs()
    for (let at = 0; at < 500; at += 1) spin(ROUNDS_PER_LOOK)
    return (500 * ROUNDS_PER_LOOK) / ((clockMs() - startMs) * 1000)
  }).toSorted((a, b) => a - b)
  const roundsPerUs = speeds[Math.floor(speeds.length / 2)]!
  return {
    burn: (us) => {
      spin(Math.round(us * roundsPerUs))
      // Never true, but the compiler cannot know: the work must be done.
      if (state === 0x7fff_ffff + 1) throw new Error('unreachable')
    },
  }
}
