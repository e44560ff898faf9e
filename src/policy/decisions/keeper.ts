import type { DecisionLogConfig } from './config.ts'
import type { Decision, DecisionLogOptions } from './decision-log.ts'
import type { DecisionLogStatus } from './status.ts'
import { createDecisionLog } from './decision-log.ts'
import type { DecisionLog } from './decision-log.ts'

/** The log of decisions that a configuration asks for. */
export interface DecisionLogUse {
  /** `undefined` when no log is asked for: then nothing needs to be put together either. */
  readonly record: ((decision: Decision) => void) | undefined
  /** Opens the log, or takes over the one that is open when it was opened in the same way. */
  open(): void
  status(): DecisionLogStatus | undefined
}

/** What a log is opened with. */
export interface KeeperWorld extends Pick<DecisionLogOptions, 'clock' | 'random' | 'onLoss'> {
  readonly keep: { log?: { readonly configuration: string; readonly log: DecisionLog } | undefined }
  readonly folder?: string | undefined
  readonly instance?: string | undefined
}

/** Finds the log that a configuration asks for; it is opened when the configuration is in force. */
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
      // The log before writes down what it has on its own.
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
