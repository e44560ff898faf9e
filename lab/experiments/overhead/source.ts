import type { World } from '../../core/index.ts'
import type { Arm } from './arm.ts'
import type { ArmSource } from './raw.ts'
import { openSyntheticArms } from './synthetic-arms.ts'
import { openTollgateArms } from './tollgate-arms.ts'

/** A server with its arms, ready to be measured. */
export interface OpenSource {
  readonly arms: readonly Arm[]
  /** Process of the server where it is known. */
  readonly pid: number | null
  readonly allowRemote: boolean
  /** What layers took by the server's own clock, nanoseconds, where it keeps one. */
  readonly burned?: () => Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

/** Starts what has to be started. */
export async function openSource(source: ArmSource, world: World): Promise<OpenSource> {
  if (source.kind === 'synthetic') return openSyntheticArms(source.layers)
  if (source.kind === 'tollgate') return openTollgateArms(source, world)
  // Addresses were checked where they came in.
  return { arms: source.arms, pid: source.pid, allowRemote: true, close: async () => undefined }
}
