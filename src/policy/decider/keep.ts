import type { DecisionLog } from '../decisions/decision-log.ts'
import type { BundleShelf } from '../remote/shelf.ts'

/**
 * What deciders leave to their successors when the configuration changes. The owner of the configuration in force
 * begins with an empty one, and closes it at the end.
 */
export interface DecidersKeep {
  shelf?: BundleShelf
  /** The decision log, with the configuration that it was opened with. */
  log?: { readonly configuration: string; readonly log: DecisionLog } | undefined
}

/** Writes what is left, and closes the log. */
export async function closeKeep(keep: DecidersKeep): Promise<void> {
  const { log } = keep
  keep.log = undefined
  await log?.log.close()
}
