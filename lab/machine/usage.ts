import { readSystemFile } from './proc.ts'
import { readProcesses, treeOf } from './process-tree.ts'

/** What the machine has done up to a moment. Times in seconds of processor time since it booted. */
export interface Snapshot {
  readonly atMs: number
  /** Of all processes; `null` if not readable. */
  readonly busySeconds: number | null
  /** Time that the host gave to other machines. */
  readonly stolenSeconds: number | null
  /** Of the processes that belong to the measurement. */
  readonly ownSeconds: number | null
  /** Time in which some task waited for a processor (pressure stall information). */
  readonly waitingSeconds: number | null
}

/** What happened between two snapshots. */
export interface Usage {
  readonly seconds: number
  /** Cores used by processes that do not belong to the measurement. */
  readonly foreignCores: number | null
  readonly stolenCores: number | null
  readonly ownCores: number | null
  /** Share of the time in which some task waited for a processor, 0 to 1. */
  readonly cpuPressure: number | null
}

/** Linux counts processor time for user space in hundredths of a second on every architecture. */
const TICKS_PER_SECOND = 100

/** @param ownPids - Processes that belong to the measurement, as do their descendants. */
export function takeSnapshot(atMs: number, ownPids: readonly number[]): Snapshot {
  const total = parseProcessorLine(readSystemFile('/proc/stat') ?? '')
  const processes = readProcesses()
  let ownTicks = 0
  for (const pid of treeOf(ownPids, processes)) ownTicks += processes.get(pid)?.ticks ?? 0
  return {
    atMs,
    busySeconds: total === undefined ? null : total.busyTicks / TICKS_PER_SECOND,
    stolenSeconds: total === undefined ? null : total.stolenTicks / TICKS_PER_SECOND,
    ownSeconds: processes.size === 0 ? null : ownTicks / TICKS_PER_SECOND,
    waitingSeconds: parsePressure(readSystemFile('/proc/pressure/cpu') ?? ''),
  }
}

/** The first line of `/proc/stat`: user nice system idle iowait irq softirq steal guest guest_nice. */
export function parseProcessorLine(
  text: string,
): { readonly busyTicks: number; readonly stolenTicks: number } | undefined {
  const line = /^cpu\s+([\d ]+)/.exec(text)?.[1]
  if (line === undefined) return undefined
  const fields = line.trim().split(/\s+/).map(Number)
  const at = (index: number): number => fields[index] ?? 0
  return { busyTicks: at(0) + at(1) + at(2) + at(5) + at(6), stolenTicks: at(7) }
}

/** Seconds of `some … total=MICROSECONDS`; `null` if the kernel does not count it. */
export function parsePressure(text: string): number | null {
  const total = /^some .*\btotal=(\d+)/m.exec(text)?.[1]
  return total === undefined ? null : Number(total) / 1e6
}

/** The difference of two snapshots. */
export function usageBetween(from: Snapshot, to: Snapshot): Usage {
  const seconds = Math.max(1e-3, (to.atMs - from.atMs) / 1000)
  const rate = (read: (snapshot: Snapshot) => number | null): number | null => {
    const [before, after] = [read(from), read(to)]
    return before === null || after === null ? null : Math.max(0, after - before) / seconds
  }
  const busy = rate(({ busySeconds }) => busySeconds)
  const own = rate(({ ownSeconds }) => ownSeconds)
  const pressure = rate(({ waitingSeconds }) => waitingSeconds)
  return {
    seconds,
    foreignCores: busy === null || own === null ? null : Math.max(0, busy - own),
    stolenCores: rate(({ stolenSeconds }) => stolenSeconds),
    ownCores: own,
    cpuPressure: pressure === null ? null : Math.min(1, pressure),
  }
}
