/** Uses processor time like a layer of a gate, and measures how much. */
export interface CpuBurner {
  burn(): void
  stats(): BurnStats
}

/** Time of the burns, some of which are timed. */
export type BurnStats = {
  readonly burns: number
  /**
   * Mean time of the latest burns that were timed, nanoseconds, without the cost of the clock. `null` if
   * none was timed.
   */
  readonly meanNs: number | null
}

const ROUNDS_PER_LOOK = 200
/** One in this many burns is timed, because the clock costs time as well. */
const BURNS_PER_LOOK = 32
const LOOKS_KEPT = 65_536
/** A burn that took longer than this many medians was interrupted; time of other processes must not count. */
const INTERRUPTED_FACTOR = 3

/**
 * Makes burners. They burn by counting, so that they take longer while the machine is slower, as real work does. How
 * long a burn takes depends on what else the machine does; only {@link CpuBurner.stats} tells it.
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
        // The difference of two readings with nothing between them is the cost of the clock itself.
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

/** The mean, in which an interrupted burn counts as a typical one. */
function meanOf(looks: Float64Array): number | null {
  if (looks.length === 0) return null
  const middle = looks.toSorted()[Math.floor(looks.length / 2)]!
  const most = Math.max(middle * INTERRUPTED_FACTOR, 0)
  const sum = looks.reduce((total, ns) => total + (Math.abs(ns) > most ? middle : ns), 0)
  return sum / looks.length
}

/** Rounds per microsecond. */
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
