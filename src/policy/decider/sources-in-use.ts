import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import { BundleError } from '../bundle/bundle-error.ts'
import { loadSources } from '../bundle/load.ts'
import type { PolicySources } from '../bundle/sources.ts'
import { joinSources } from '../bundle/sources.ts'
import type { RemoteBundleConfig } from '../remote/config.ts'
import type { BundleShelf } from '../remote/shelf.ts'
import type { SubscriptionStatus } from '../remote/subscription.ts'
import { createSubscription } from '../remote/subscription.ts'
import type { RegoPolicyConfig } from './config.ts'
import type { EngineSpec } from './engine.ts'
import { watchPaths } from './watch-paths.ts'

/** Where a policy comes from, and how it is kept up to date. */
export interface SourcesInUse {
  readonly kind: 'files' | 'server'
  /**
   * The current sources; `undefined` when a server has not provided them yet.
   *
   * @throws BundleError when files cannot be used.
   */
  first(): PolicySources | undefined
  /** Says that the restored sources cannot be used, so that the server is asked for them again. */
  forget(): void
  /** Starts watching files and polling the server. */
  start(): void
  /** The status of the server's bundle; `undefined` for files. */
  status(): SubscriptionStatus | undefined
  close(): Promise<void>
}

/** The places of a policy or of its shadow. */
export type Places = Pick<RegoPolicyConfig, 'paths' | 'bundle'>

/** What sources need from outside. */
export interface SourcesWorld {
  readonly clock: Clock
  readonly random: Random
  readonly shelf: BundleShelf
}

/** Called when the sources change. */
export interface SourcesEvents {
  /** Offers new sources; returns what is wrong with them, in which case the previous ones stay. */
  readonly offer: (sources: PolicySources) => string | undefined
  /** The newest sources could not be used; called when the reason changes. */
  readonly onFailure: (failure: string) => void
}

/** The place in the configuration where problems of sources are reported. */
export const placeOf = ({ paths }: Places): EngineSpec['place'] =>
  paths === undefined ? 'bundle' : 'paths'

/** Creates the {@link SourcesInUse} of a policy. `name` is that of its bundle on the shelf. */
export function createSourcesInUse(
  name: string,
  places: Places,
  world: SourcesWorld,
  events: SourcesEvents,
): SourcesInUse {
  const { paths = [], bundle } = places
  if (bundle === undefined || typeof bundle === 'string') {
    return createFiles(paths, bundle === undefined ? [] : [bundle], events)
  }
  return createServed(name, paths, bundle, world, events)
}

function createFiles(
  paths: readonly string[],
  bundles: readonly string[],
  events: SourcesEvents,
): SourcesInUse {
  const load = (): PolicySources => loadSources({ paths, bundles })
  const reload = createReload(load, events)
  let unwatch = (): void => undefined
  return {
    kind: 'files',
    first: () => {
      const sources = load()
      reload.seen(sources)
      return sources
    },
    forget: () => undefined,
    start() {
      unwatch = watchPaths([...paths, ...bundles], reload.run)
    },
    status: () => undefined,
    close() {
      unwatch()
      return Promise.resolve()
    },
  }
}

/** A bundle from a server, together with files. */
function createServed(
  name: string,
  paths: readonly string[],
  config: RemoteBundleConfig,
  world: SourcesWorld,
  events: SourcesEvents,
): SourcesInUse {
  let served: PolicySources | undefined
  const joined = (bundle: PolicySources): PolicySources =>
    paths.length === 0 ? bundle : joinSources([bundle, loadSources({ paths })])
  const reload = createReload(() => served && joined(served), events)
  const subscription = createSubscription({
    ...world,
    name,
    config,
    onFailure: events.onFailure,
    offer(bundle) {
      const problem = events.offer(joined(bundle))
      if (problem === undefined) served = bundle
      return problem
    },
  })
  let unwatch = (): void => undefined
  return {
    kind: 'server',
    first() {
      // Files must be usable from the start; only the server may be late.
      if (paths.length > 0) loadSources({ paths })
      served = subscription.restore()
      return served && joined(served)
    },
    forget() {
      served = undefined
      subscription.forget()
    },
    start() {
      subscription.start()
      if (paths.length > 0) unwatch = watchPaths(paths, reload.run)
    },
    status: () => subscription.status(),
    async close() {
      unwatch()
      await subscription.close()
    },
  }
}

/** Reads files again; offers them if they have changed, and reports each problem once. */
function createReload(
  load: () => PolicySources | undefined,
  { offer, onFailure }: SourcesEvents,
): { run: () => void; seen: (sources: PolicySources) => void } {
  let revision: string | undefined
  let told: string | undefined
  const fail = (failure: string): void => {
    if (failure !== told) onFailure(failure)
    told = failure
  }
  return {
    seen(sources) {
      ;({ revision } = sources)
    },
    run() {
      try {
        const sources = load()
        if (sources === undefined || (sources.revision === revision && told === undefined)) return
        const problem = offer(sources)
        if (problem !== undefined) return fail(problem)
        ;({ revision } = sources)
        told = undefined
      } catch (error) {
        if (!(error instanceof BundleError)) throw error
        fail(error.message)
      }
    },
  }
}
