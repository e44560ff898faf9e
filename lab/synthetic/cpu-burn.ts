/** Uses the processor as a layer of a gate would, and knows how long that took. */
export interface CpuBurner {
  burn(): void
  stats(): BurnStats
}

/** What was burned, by a clock that looked at some of the burns. */
export type BurnStats = {
  readonly burns: number
  /**
   * Mean time of the latest burns that were timed, nanoseconds, without the clock's own. `null` when
   * none was.
   */
  readonly meanNs: number | null
}

const ROUNDS_PER_LOOK = 200
/** One of so many burns is timed: the clock costs time as well. */
const BURNS_PER_LOOK = 32
const LOOKS_KEPT = 65_536
/** What took longer than so many medians was interrupted: count no time that others had. */
const INTERRUPTED_FACTOR = 3

/**
 * Makes burners. They burn by counting, so that a slower moment costs more time, as real work does: how
 * long a burn takes depends on what the machine does besides, and only {@link CpuBurner.stats} says it.
 *
 * @param nowNs - Monotonic, nanoseconds.
 */
export function createCpuBurners(nowNs: () => number): (us: number) => CpuBurner {
  const roundsPerUs = speedOf(nowNs)
  return (us) => createCpuBurner(Math.round(us * roundsPerUs), nowNs)
}

function createCpuBurner(rounds: number, nowNs: () => number): CpuBurner {
  const looks = new Float64Array(LOOKS_KEPT)
  let burns = 0
  let timed = 0
  let state = 1
  return {
    burn() {
      burns += 1
      if (burns % BURNS_PER_LOOK === 0) {
        const beforeNs = nowNs()
        const fromNs = nowNs()
        state = spin(state, rounds)
        // Two looks with nothing between them differ by what the clock itself takes.
        looks[timed % LOOKS_KEPT] = nowNs() - fromNs - (fromNs - beforeNs)
        timed += 1
      } else state = spin(state, rounds)
      // Never true, but the compiler cannot know: the work must be done.
      if (state === 0x7fff_ffff + 1) throw new Error('unreachable')
    },
    stats: () => ({ burns, meanNs: meanOf(looks.slice(0, Math.min(timed, LOOKS_KEPT))) }),
  }
}

function spin(start: number, rounds: number): number {
  let state = start
  for (let at = 0; at < rounds; at += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at
  }
  return state
}

/** The mean, where what was interrupted counts as a usual burn. */
function meanOf(looks: Float64Array): number | null {
  if (looks.length === 0) return null
  const middle = looks.toSorted()[Math.floor(looks.length / 2)]!
  const most = Math.max(middle * INTERRUPTED_FACTOR, 0)
  const sum = looks.reduce((total, ns) => total + (Math.abs(ns) > most ? middle : ns), 0)
  return sum / looks.length
}

/** Rounds a microsecond. */
function speedOf(nowNs: () => number): number {
  let state = 1
  // The first rounds run before the code is compiled.
  for (let at = 0; at < 2000; at += 1) state = spin(state, ROUNDS_PER_LOOK)
  const speeds = Array.from({ length: 15 }, () => {
    const startNs = nowNs()
    for (let at = 0; at < 500; at += 1) state = spin(state, ROUNDS_PER_LOOK)
    return (500 * ROUNDS_PER_LOOK * 1000) / (nowNs() - startNs)
  }).toSorted((a, b) => a - b)
  return speeds[Math.floor(speeds.length / 2)]!
}
