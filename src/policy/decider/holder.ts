import type { Clock } from '../../core/clock.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import type { PolicySources } from '../bundle/sources.ts'
import type { Engine, EngineProblem, EngineSpec } from './engine.ts'
import { createEngine } from './engine.ts'
import type { Places, SourcesInUse, SourcesWorld } from './sources-in-use.ts'
import { createSourcesInUse } from './sources-in-use.ts'

/** The status of a policy, and where it comes from. */
export interface PolicyStatus {
  readonly policy: string
  readonly role: 'active' | 'shadow'
  readonly source: 'files' | 'server'
  /** `null` when nothing has been loaded yet; everything is then refused. */
  readonly revision: string | null
  /** When this revision was put in force; milliseconds since the epoch. */
  readonly sinceMs: number | null
  /** When the server last answered. */
  readonly checkedAtMs: number | null
  /** Why the newest sources could not be put in force; the previous ones stay. */
  readonly failure: string | null
}

/** Holds the engine in force, and replaces it when the sources change. */
export interface Holder {
  engine(): Engine | undefined
  status(): Pick<PolicyStatus, 'source' | 'revision' | 'sinceMs' | 'checkedAtMs' | 'failure'>
  start(): void
  close(): Promise<void>
}

/** Options of {@link createHolder}. */
export interface HolderOptions {
  /** Name of the bundle on the shelf. */
  readonly name: string
  readonly spec: EngineSpec
  readonly places: Places
  readonly world: SourcesWorld & { readonly clock: Clock }
  /** Called when a new engine is in force. */
  readonly onSwap: (engine: Engine) => void
  /** Called when sources could not be put in force. */
  readonly onFailure: (failure: string) => void
}

/** Creates a {@link Holder}. Mistakes in files are reported as problems; a server may be late or wrong without one. */
export function createHolder(options: HolderOptions): {
  readonly holder: Holder
  readonly problems: readonly EngineProblem[]
} {
  const { spec, world } = options
  let engine: Engine | undefined
  let sinceMs: number | null = null
  let failure: string | undefined
  const take = (next: Engine): void => {
    engine = next
    sinceMs = world.clock.nowMs()
    failure = undefined
  }
  const sources = createSourcesInUse(options.name, options.places, world, {
    offer(offered) {
      const made = createEngine(spec, offered, world.clock)
      if (!made.ok) return made.problems.map(({ message }) => message).join('; ')
      take(made.engine)
      options.onSwap(made.engine)
      return undefined
    },
    onFailure(reason) {
      failure = reason
      options.onFailure(reason)
    },
  })
  const problems = begin(sources, spec, world.clock, take, (reason) => {
    failure = reason
  })
  const holder: Holder = {
    engine: () => engine,
    status() {
      const served = sources.status()
      return {
        source: sources.kind,
        revision: engine?.revision ?? null,
        sinceMs,
        checkedAtMs: served?.checkedAtMs ?? null,
        failure: (served === undefined ? failure : (served.failure ?? failure)) ?? null,
      }
    },
    start: () => sources.start(),
    close: () => sources.close(),
  }
  return { holder, problems }
}

function begin(
  sources: SourcesInUse,
  spec: EngineSpec,
  clock: Clock,
  take: (engine: Engine) => void,
  onFailure: (failure: string) => void,
): readonly EngineProblem[] {
  let first: PolicySources | undefined
  try {
    first = sources.first()
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    return [{ path: [spec.place], message: error.message }]
  }
  if (first === undefined) return []
  const made = createEngine(spec, first, clock)
  if (made.ok) {
    take(made.engine)
    return []
  }
  if (sources.kind === 'files') return made.problems
  sources.forget()
  onFailure(made.problems.map(({ message }) => message).join('; '))
  return []
}
