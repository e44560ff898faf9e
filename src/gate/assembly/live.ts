import type { Answer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import type { CompileOutcome, CompileProblem, GateParts } from '../compile.ts'
import { compileGate } from '../compile.ts'
import type { GatewayConfig } from '../config/index.ts'
import { judgedHeaders } from '../config/judged-headers.ts'
import type { Gate } from '../gate.ts'
import { createGate } from '../gate.ts'
import type { Handler } from '../handler.ts'
import { createRecorder } from '../record.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import type { Limiter } from '../../limits/index.ts'
import { createLimiter } from '../../limits/index.ts'
import type {
  Deciders,
  DecidersKeep,
  DecisionLogStatus,
  PolicyStatus,
  ShadowReport,
} from '../../policy/index.ts'
import { AllowListError, closeKeep } from '../../policy/index.ts'
import type { Sparse } from '../../signals/index.ts'
import { createSparse } from '../../signals/index.ts'
import type { Counters } from '../../storage/index.ts'
import { createMemoryCounters } from '../../storage/index.ts'
import type { Upstreams } from '../../upstream/index.ts'
import { createUpstreams } from '../../upstream/index.ts'
import type { AllowListCounts } from './allow-list-counts.ts'
import type { CreateDeciders } from './load-deciders.ts'
import { loadDeciders, withoutPolicies } from './load-deciders.ts'
import type { PathNouns, World } from './nouns.ts'
import { createBanCheck } from './nouns.ts'
import { observeUpstreams } from './observe-upstreams.ts'

/** What is replaced together with the configuration. */
interface Generation {
  readonly config: GatewayConfig
  readonly limiter: Limiter
  readonly upstreams: Upstreams
  readonly deciders: Deciders
  /** What is wrong with the policies; while there is any, nothing is put in force. */
  readonly problems: readonly CompileProblem[]
}

/** The configuration in force, and the gate it is compiled to. */
export interface Live {
  readonly gate: Gate
  config(): GatewayConfig
  limiter(): Limiter
  upstreams(): Upstreams
  /** What policies in shadow would have changed, since the configuration was put in force. */
  shadows(): readonly ShadowReport[]
  /** The state of each policy, and where it comes from. */
  policies(): readonly PolicyStatus[]
  /** The state of the decision log; `undefined` where there is none. */
  decisionLog(): DecisionLogStatus | undefined
  /** Grows with each configuration put in force. */
  revision(): number
  /** What compiling this configuration finds wrong; nothing is changed. */
  check(config: GatewayConfig): Promise<readonly CompileProblem[]>
  /**
   * Compiles a configuration and puts it in force at once. When it cannot be compiled, the one in
   * force stays. Requests in flight finish on the old one, whose upstreams are closed after them.
   */
  apply(config: GatewayConfig): Promise<readonly CompileProblem[]>
  close(deadlineMs: number): Promise<void>
}

/** What a live configuration stands on. */
export interface LiveParts {
  readonly nouns: PathNouns
  readonly counters: Counters
  readonly allowLists: AllowListCounts
  readonly world: World
  /** The result of {@link loadDeciders} for the first configuration; needed where that has policies. */
  readonly createDeciders?: CreateDeciders
  /** Where policies keep the bundles of servers and the decision log; in memory when absent. */
  readonly dataFolder?: string | undefined
  /** Distinguishes this process from others that share the folder. */
  readonly instance?: string | undefined
  /** Answers routes with `handler`. */
  readonly handler?: Handler
  /** Answers requests that match no route. */
  readonly fallback?: (request: IncomingRequest) => Promise<Answer> | undefined
}

/** A first configuration in force, or what is wrong with it. */
export type LiveOutcome =
  | { readonly ok: true; readonly live: Live }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] }

/** How many counters this process keeps while the shared ones are out of reach. */
const LOCAL_ENTRIES_MAX = 100_000

/** How long replaced upstreams may take to finish their requests: as long as any request may run. */
const RETIRE_DEADLINE_MS = 300_000

/** Compiles the first configuration and creates its gate. */
export function createLive(initial: GatewayConfig, parts: LiveParts): LiveOutcome {
  const { nouns, world } = parts
  // Kept across reloads: while the shared counters are out of reach, only these count.
  const localCounters = createMemoryCounters({ entriesMax: LOCAL_ENTRIES_MAX })
  const keep: DecidersKeep = {}
  const sparse = createSparse(world.clock)
  const generate = (
    config: GatewayConfig,
    createDeciders: CreateDeciders,
  ): ReturnType<typeof createGeneration> =>
    createGeneration(config, { ...parts, keep, sparse }, localCounters, createDeciders)
  let current = generate(initial, parts.createDeciders ?? withoutPolicies)
  let revision = 1
  nouns.signals.metrics.beforeSnapshot(() =>
    nouns.signals.gate.upstreamStates(current.upstreams.stats()),
  )
  const compile = (next: Generation): Trial => {
    if (next.problems.length > 0) return refused(next.problems)
    try {
      const takeBack = nouns.policy.configure(next.config.policy)
      return { outcome: compileGate(next.config, gatePartsOf(next, parts)), takeBack }
    } catch (error) {
      if (!(error instanceof AllowListError)) throw error
      return refused([{ path: ['policy', ...error.path], message: error.message }])
    }
  }
  const first = compile(current).outcome
  if (!first.ok) return first
  const gate = createGate(first.snapshot, {
    clock: world.clock,
    timings: nouns.signals.timings,
    ...(parts.fallback !== undefined && { fallback: parts.fallback }),
    onBug: (error, requestId) => world.logger.error('a stage failed', { error, requestId }),
  })
  const tryOut = async (config: GatewayConfig) => {
    await nouns.responses.provideFor(config)
    const next = generate(config, await loadDeciders(config))
    return { next, ...compile(next) }
  }
  const live: Live = {
    gate,
    config: () => current.config,
    limiter: () => current.limiter,
    upstreams: () => current.upstreams,
    shadows: () => current.deciders.shadows(),
    policies: () => current.deciders.status(),
    decisionLog: () => current.deciders.log(),
    revision: () => revision,
    async check(config) {
      const { next, outcome, takeBack } = await tryOut(config)
      takeBack()
      void next.upstreams.close(0)
      return outcome.ok ? [] : outcome.problems
    },
    async apply(config) {
      const { next, outcome, takeBack } = await tryOut(config)
      if (!outcome.ok) {
        takeBack()
        void next.upstreams.close(0)
        return outcome.problems
      }
      gate.swap(outcome.snapshot)
      nouns.bans.configure(config.bans, config.listen.trustedProxies)
      void current.upstreams.close(RETIRE_DEADLINE_MS)
      void current.deciders.close()
      next.deciders.start()
      current = next
      revision += 1
      return []
    },
    async close(deadlineMs) {
      // What is asked for in the background ends first; requests in flight decide with what there is.
      const ended = current.deciders.close()
      await current.upstreams.close(deadlineMs)
      await ended
      await closeKeep(keep)
    },
  }
  current.deciders.start()
  return { ok: true, live }
}

/** A generation compiled, with its roles in force. */
interface Trial {
  readonly outcome: CompileOutcome
  /** Puts the roles and allow-lists back in force that were before. */
  takeBack(): void
}

const refused = (problems: readonly CompileProblem[]): Trial => ({
  outcome: { ok: false, problems },
  takeBack: () => {},
})

function createGeneration(
  config: GatewayConfig,
  parts: LiveParts & { readonly keep: DecidersKeep; readonly sparse: Sparse },
  localCounters: Counters,
  createDeciders: CreateDeciders,
): Generation {
  const { counters, nouns } = parts
  const { clock, random, logger, openLink } = parts.world
  const { deciders, problems } = createDeciders(config.policies, {
    clock,
    random,
    keep: parts.keep,
    folder: parts.dataFolder,
    instance: parts.instance,
    onLoaded: (policy, revision) => logger.info('a policy was loaded', { policy, revision }),
    onRefused: (policy, failure) =>
      logger.error('a policy was not loaded; the one before stays in force', { policy, failure }),
    onLoss: (lost, failure) => logger.warn('decisions could not be logged', { lost, failure }),
    onFailure: (policy, failure) => logger.warn('a policy could not decide', { policy, failure }),
    onChange: (policy, change) =>
      logger.info('a policy in shadow decides otherwise', { policy, change }),
  })
  return {
    config,
    deciders,
    problems,
    limiter: createLimiter({
      limits: config.limits,
      counters,
      local: localCounters,
      clock,
      hooks: {
        onShadow: (limit) => {
          nouns.signals.gate.limitShadowed(limit)
          logger.debug('a limit in shadow mode would have refused', { limit })
        },
        onBackendFailure: (error) => {
          const leftOut = parts.sparse('counters')
          if (leftOut !== undefined) logger.warn('counters are out of reach', { error, leftOut })
        },
      },
    }),
    upstreams: createUpstreams({
      config: config.upstreams,
      judgedHeaders: judgedHeaders(config),
      clock,
      random,
      openLink,
      onEvent: observeUpstreams(logger, parts.sparse),
    }),
  }
}

/** Refusals that say the credential was not good enough. */
const AUTH_FAILURES: readonly RefusalCode[] = ['credential_missing', 'credential_invalid', 'banned']

function gatePartsOf(generation: Generation, parts: LiveParts): GateParts {
  const { nouns, allowLists, world } = parts
  const { signals, ledger, bans, identity, policy } = nouns
  const { traffic } = generation.config.audit
  const authFailures = new Map(
    AUTH_FAILURES.map((code) => [code, signals.gate.authFailureSlot(code)] as const),
  )
  return {
    clock: world.clock,
    identity,
    policy,
    deciders: generation.deciders,
    bans: createBanCheck(bans),
    limiter: generation.limiter,
    upstreams: generation.upstreams,
    metrics: signals.gate,
    traces: signals.traces,
    requestIds: signals.requestIds,
    countAllowList: allowLists.count,
    handler: parts.handler,
    responses: nouns.responses.current(),
    prefetchers: nouns.responses.current()?.prefetching,
    record: createRecorder({
      ledger: traffic.enabled ? ledger : undefined,
      tally: signals.tally,
      recordsAddresses: traffic.address === 'full',
      monotonicMs: world.clock.monotonicMs,
      onRefusal: ({ address, caller, requestId }, { code, internal }) => {
        bans.record({ code, address, caller })
        const authFailure = authFailures.get(code)
        if (authFailure !== undefined) signals.gate.authFailed(authFailure)
        if (internal !== undefined) world.logger.debug(internal, { code, requestId })
      },
    }),
  }
}
