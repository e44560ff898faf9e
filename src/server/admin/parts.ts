import type { Clock } from '../../core/clock.ts'
import type { ConfigError } from '../../core/config/index.ts'
import type { Outcome } from '../../core/refusal.ts'
import type { Identity } from '../../identity/index.ts'
import type { Ledger } from '../../ledger/index.ts'
import type { Bans, Limiter } from '../../limits/index.ts'
import type { Policy, PolicyStatus, ShadowReport } from '../../policy/index.ts'
import type { Explanation, ExplainRequest } from './explanation.ts'
import type { RootKey } from './root-key.ts'

/** The configuration in force. */
export interface ConfigState {
  /** Grows with each configuration that was put in force. */
  readonly revision: number
  readonly path: string
  readonly loadedAtMs: number
  /** The effective configuration, secrets masked. */
  readonly effective: unknown
  /** What was wrong with the last reload, if it was refused; the previous configuration stays in force. */
  readonly refused: { readonly atMs: number; readonly errors: readonly ConfigError[] } | undefined
}

/** What is wrong with a configuration; empty if it may be put in force. */
export interface ConfigVerdict {
  readonly errors: readonly ConfigError[]
  readonly warnings: readonly ConfigError[]
}

/** The configuration as the admin API shows and reloads it. */
export interface ConfigControl {
  state(): ConfigState
  /** Checks and compiles a YAML text without putting it in force. */
  check(text: string): Promise<ConfigVerdict>
  /** Reads the file again and, if it is valid, puts it in force before this resolves. */
  reload(): Promise<ConfigVerdict & { readonly revision: number }>
}

/** A route in force, as listed. */
export interface RouteListing {
  readonly id: string
  readonly host: string | null
  readonly path: string
  readonly methods: readonly string[]
  readonly credentials: readonly string[]
  readonly permission: string | null
  readonly limits: readonly string[]
  readonly cost: number
  readonly upstream: string | null
  /** The stages its requests pass, in order. */
  readonly stages: readonly string[]
}

/** The admin API's view of the gate in force. */
export interface GateView {
  routes(): readonly RouteListing[]
  /** State of upstreams: JSON. */
  upstreams(): Promise<readonly unknown[]>
  /** The status of policies in Rego, and where they come from. */
  policies(): readonly PolicyStatus[]
  /** What policies in shadow would have changed. */
  shadows(): Promise<readonly ShadowReport[]>
  /** Figures of all layers: JSON. */
  stats(): unknown
  /** Runs a request through the compiled path; nothing is consumed, sent or recorded. */
  explain(request: ExplainRequest): Promise<Outcome<Explanation>>
}

/** The ways to select stored responses for purging. */
export type PurgeKind = 'url' | 'path' | 'key' | 'route' | 'tenant' | 'all'

/** The admin API's view of stored responses. */
export interface CacheControl {
  /** Figures of all processes: JSON. */
  stats(): Promise<object>
  /** Removes the responses that depend on a subject; `false` if the subject is not of that kind. */
  purge(kind: PurgeKind, subject: string | undefined): boolean
  /** Resolves when no restart can undo what was purged. */
  settled(): Promise<unknown>
}

/** Everything the admin API administers. */
export interface AdminParts {
  readonly identity: Identity
  readonly policy: Policy
  /** The limiter in force now; it changes with the configuration. */
  readonly limiter: () => Limiter
  readonly bans: Pick<Bans, 'ban' | 'lift' | 'get' | 'list'>
  readonly ledger: Ledger
  readonly config: ConfigControl
  readonly gate: GateView
  readonly cache: CacheControl
  readonly rootKey: RootKey
  readonly clock: Clock
  /** The number of changes that other gates have not been told of yet; absent if there are no other gates. */
  readonly untold?: (() => number) | undefined
}
