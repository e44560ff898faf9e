import { readSystemFile } from './proc.ts'
import { processorTimeOfNs } from './processor-time.ts'
import { parseProcessorLine } from './usage.ts'

/** Processor time used up to a moment; cheap enough to read between slices of milliseconds. */
export interface SliceMark {
  readonly busySeconds: number | null
  /** Of the server. */
  readonly serverNs: number | null
  /** Of the server and of this process. */
  readonly ownNs: number | null
}

/** @param serverPids - The processes of the server, as found before. */
export function markSlice(serverPids: readonly number[]): SliceMark {
  const total = parseProcessorLine(readSystemFile('/proc/stat') ?? '')
  const serverNs = processorTimeOfNs(serverPids)
  const labNs = processorTimeOfNs([process.pid])
  return {
    busySeconds: total === undefined ? null : total.busyTicks / 100,
    serverNs,
    ownNs: labNs === null ? null : labNs + (serverNs ?? 0),
  }
}

/** Cores that others used between two marks; `null` where not readable. */
export function foreignCoresBetween(
  from: SliceMark,
  to: SliceMark,
  seconds: number,
): number | null {
  if (from.busySeconds === null || to.busySeconds === null) return null
  if (from.ownNs === null || to.ownNs === null) return null
  const own = (to.ownNs - from.ownNs) / 1e9
  return Math.max(0, (to.busySeconds - from.busySeconds - own) / seconds)
}
