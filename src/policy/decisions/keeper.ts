import type { DecisionLogConfig } from './config.ts'
import type { Decision, DecisionLogOptions } from './decision-log.ts'
import type { DecisionLogStatus } from './status.ts'
import { createDecisionLog } from './decision-log.ts'
import type { DecisionLog } from './decision-log.ts'

/** The decision log that a configuration asks for. */
export interface DecisionLogUse {
  /** `undefined` when no log is configured, so that no decision has to be assembled. */
  readonly record: ((decision: Decision) => void) | undefined
  /** Opens the log, or takes over the open one if it was opened with the same configuration. */
  open(): void
  status(): DecisionLogStatus | undefined
}

/** What is needed to open a log. */
export interface KeeperWorld extends Pick<DecisionLogOptions, 'clock' | 'random' | 'onLoss'> {
  readonly keep: { log?: { readonly configuration: string; readonly log: DecisionLog } | undefined }
  readonly folder?: string | undefined
  readonly instance?: string | undefined
}

/** Prepares the log that a configuration asks for; it is opened once the configuration is in force. */
export function decisionLogKeeper(
  config: DecisionLogConfig | undefined,
  world: KeeperWorld,
): DecisionLogUse {
  const { keep, folder, instance, clock, random, onLoss } = world
  const configuration = JSON.stringify(config ?? null)
  return {
    record: config === undefined ? undefined : (decision) => keep.log?.log.record(decision),
    open() {
      if (keep.log?.configuration === configuration) return
      // The previous log writes what it still has on its own.
      void keep.log?.log.close()
      keep.log =
        config === undefined
          ? undefined
          : {
              configuration,
              log: createDecisionLog({ config, folder, instance, clock, random, onLoss }),
            }
    },
    status: () => keep.log?.log.status(),
  }
}
