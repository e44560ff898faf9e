import type { World } from '../../core/index.ts'
import type { Arm } from './arm.ts'
import type { ArmSource } from './raw.ts'
import { openSyntheticArms } from './synthetic-arms.ts'
import { openTollgateArms } from './tollgate-arms.ts'

/** A server with its arms, ready to be measured. */
export interface OpenSource {
  readonly arms: readonly Arm[]
  /** Process of the server, if known. */
  readonly pid: number | null
  readonly allowRemote: boolean
  /** Time that layers took by the server's own clock, nanoseconds, if it has one. */
  readonly burned?: () => Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

/** Starts the servers that a source needs. */
export async function openSource(source: ArmSource, world: World): Promise<OpenSource> {
  if (source.kind === 'synthetic') return openSyntheticArms(source.layers)
  if (source.kind === 'tollgate') return openTollgateArms(source, world)
  // Addresses were checked when they were read.
  return { arms: source.arms, pid: source.pid, allowRemote: true, close: async () => undefined }
}
