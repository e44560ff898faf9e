/** Readings of one thread, counted since it began. */
export interface ThreadReading {
  /** Name of threads of this kind: `main`, `JITWorker`. */
  readonly group: string
  /** Time on a processor, nanoseconds. */
  readonly ns: number
  /** Time ready to run while another thread had the processor, nanoseconds. */
  readonly waitedNs: number
  /** Its own code, and the kernel on its behalf: coarse, and only good for how they share {@link ThreadReading.ns}. */
  readonly userTicks: number
  readonly systemTicks: number
}

/** All threads of a process, by id. */
export type CpuReading = ReadonlyMap<number, ThreadReading>

/** Processor time of all threads of a kind. */
export type GroupTime = Omit<ThreadReading, 'group'>

/** Processor time of a process between two readings, by kind of thread. */
export type CpuTime = ReadonlyMap<string, GroupTime>

const NONE: GroupTime = { ns: 0, waitedNs: 0, userTicks: 0, systemTicks: 0 }

/** `a + sign × b`, figure by figure. */
const combined = (a: GroupTime, b: GroupTime, sign: 1 | -1): GroupTime => ({
  ns: a.ns + sign * b.ns,
  waitedNs: a.waitedNs + sign * b.waitedNs,
  userTicks: a.userTicks + sign * b.userTicks,
  systemTicks: a.systemTicks + sign * b.systemTicks,
})

/** The time between two readings. A thread that ended in between is left out, because its time is not known. */
export function cpuTimeBetween(before: CpuReading, after: CpuReading): CpuTime {
  const groups = new Map<string, GroupTime>()
  for (const [id, reading] of after) {
    const spent = combined(reading, before.get(id) ?? NONE, -1)
    groups.set(reading.group, combined(groups.get(reading.group) ?? NONE, spent, 1))
  }
  return groups
}

/** The sum of several times. */
export function sumOfCpuTimes(times: readonly CpuTime[]): CpuTime {
  const groups = new Map<string, GroupTime>()
  for (const time of times) {
    for (const [group, spent] of time) {
      groups.set(group, combined(groups.get(group) ?? NONE, spent, 1))
    }
  }
  return groups
}

/** Time on a processor, all threads together, nanoseconds. */
export const totalNs = (time: CpuTime): number =>
  [...time.values()].reduce((sum, { ns }) => sum + ns, 0)

/** User and system share of a time on a processor, nanoseconds. Without ticks all of it counts as the user's. */
export function splitNs({ ns, userTicks, systemTicks }: GroupTime): {
  readonly userNs: number
  readonly systemNs: number
} {
  const ticks = userTicks + systemTicks
  const systemNs = ticks === 0 ? 0 : (ns * systemTicks) / ticks
  return { userNs: ns - systemNs, systemNs }
}

/**
 * A lower bound for how long the main thread waited for the processor because of other processes, nanoseconds.
 * It may have waited for threads of its own process for as long as those ran, so that time is subtracted.
 */
export function waitedForOthersNs(time: CpuTime): number {
  const main = time.get('main') ?? NONE
  return Math.max(0, main.waitedNs - (totalNs(time) - main.ns))
}
