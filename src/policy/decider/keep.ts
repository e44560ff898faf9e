import type { DecisionLog } from '../decisions/decision-log.ts'
import type { BundleShelf } from '../remote/shelf.ts'

/**
 * What deciders leave to those that come after them when the configuration changes. Whoever holds a
 * configuration in force begins with an empty one, and closes it at the end.
 */
export interface DecidersKeep {
  shelf?: BundleShelf
  /** The log of decisions, and the configuration that it was opened with. */
  log?: { readonly configuration: string; readonly log: DecisionLog } | undefined
}

/** Writes down what is left. */
export async function closeKeep(keep: DecidersKeep): Promise<void> {
  const { log } = keep
  keep.log = undefined
  await log?.log.close()
}
