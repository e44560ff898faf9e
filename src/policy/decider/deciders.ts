import { join } from 'node:path'
import { decisionLogKeeper } from '../decisions/keeper.ts'
import type { DecisionLogStatus } from '../decisions/status.ts'
import { createFolderShelf, createMemoryShelf } from '../remote/shelf.ts'
import type { PoliciesConfig } from './config.ts'
import { namedPolicies } from './config.ts'
import type { Asking } from './asking.ts'
import { createAsking } from './asking.ts'
import type { Decider, DecidersWorld } from './decider.ts'
import type { EngineProblem } from './engine.ts'
import type { PolicyStatus } from './holder.ts'
import type { ShadowReport } from './shadow.ts'

/** The policies of a configuration, compiled. */
export interface Deciders {
  get(name: string): Decider | undefined
  /** What the shadow policies would change. */
  shadows(): readonly ShadowReport[]
  /** The status of each policy, shadow policies included. */
  status(): readonly PolicyStatus[]
  /** The status of the decision log; `undefined` when there is none. */
  log(): DecisionLogStatus | undefined
  /** Starts watching files, polling servers and logging. */
  start(): void
  /** Stops all of that; the log stays open for the deciders of the next configuration. */
  close(): Promise<void>
}

/** Compiles policies; the paths of problems are beneath `policies`. */
export function createDeciders(
  config: PoliciesConfig,
  world: DecidersWorld,
): { readonly deciders: Deciders; readonly problems: readonly EngineProblem[] } {
  const { keep, folder } = world
  keep.shelf ??=
    folder === undefined ? createMemoryShelf() : createFolderShelf(join(folder, 'bundles'))
  const { shelf } = keep
  const log = decisionLogKeeper(config.decisionLog, world)
  const problems: EngineProblem[] = []
  const all = new Map<string, Asking>()
  for (const [name, policy] of namedPolicies(config)) {
    const made = createAsking(name, policy, { ...world, shelf }, log.record)
    problems.push(...made.problems.map((problem) => beneath(name, problem)))
    all.set(name, made.asking)
  }
  const each = [...all.values()]
  return {
    deciders: {
      get: (name) => all.get(name)?.decider,
      shadows: () => each.flatMap((asking) => asking.shadow() ?? []),
      status: () => each.flatMap((asking) => asking.status()),
      log: log.status,
      start() {
        log.open()
        for (const asking of each) asking.start()
      },
      async close() {
        await Promise.all(each.map(async (asking) => asking.close()))
      },
    },
    problems,
  }
}

const beneath = (name: string, { path, message }: EngineProblem): EngineProblem => ({
  path: ['policies', name, ...path],
  message,
})
