/** What a record is about. */
export type RecordKind = 'traffic' | 'admin' | 'system' | 'gap'

/** Who acted: the kind of credential (`key`, `token`, `session`, `jwt`, `anonymous`, `root`, `system`) and its id. */
export interface Actor {
  readonly kind: string
  readonly id: string
}

/** A value allowed in `details`. */
export type DetailValue = string | number | boolean | null

/** Additional facts by name; names that the configuration does not list are left out of the record. */
export type Details = Readonly<Record<string, DetailValue>>

/**
 * One request, as the gate hands it over. Every field is always present (an empty string or 0 means "none" and is left
 * out of the record), so that calls are monomorphic and cheap.
 */
export interface TrafficEntry {
  /** When the request arrived, milliseconds since the Unix epoch. */
  readonly timeMs: number
  readonly tenantId: string
  readonly actorKind: string
  readonly actorId: string
  /** What was requested, e.g. the permission `scene:read`. */
  readonly action: string
  /** The object of the action, if the route knows it. */
  readonly target: string
  /** `allow`, or the refusal code. */
  readonly outcome: string
  /** HTTP status sent. */
  readonly status: number
  /** Route template, e.g. `/scene/{id}`. */
  readonly route: string
  readonly method: string
  /** Path without the query; recorded only when the configuration says `path: full`. */
  readonly path: string
  readonly requestId: string
  /** The rest of the id, if it is given in two parts. */
  readonly requestIdTail: string
  /** Client address. */
  readonly address: string
  /** Whole microseconds. */
  readonly durationUs: number
  readonly details: Details | undefined
}

/** An administrator's or the system's act; on disk before {@link Ledger.append} resolves. */
export interface AdminEntry {
  readonly kind: 'admin' | 'system'
  /** The tenant concerned; absent if the act concerns all. */
  readonly tenantId?: string
  readonly actor: Actor
  /** What was done, e.g. `key.revoke`. */
  readonly action: string
  /** The object of the act, e.g. a key id. */
  readonly target?: string
  /** `ok`, `failed`, `allow`, `deny` or a refusal code. */
  readonly outcome: string
  readonly status?: number
  readonly route?: string
  readonly method?: string
  readonly path?: string
  readonly requestId?: string
  readonly address?: string
  readonly durationUs?: number
  readonly details?: Details
  /** State before and after the change: JSON values; secrets in them are masked. */
  readonly before?: unknown
  readonly after?: unknown
}

/** A record as written in the log. Absent fields were empty. */
export interface AuditRecord {
  /** Position in the chain: 1 for the first record ever, then counting up. */
  readonly seq: number
  readonly timeMs: number
  readonly kind: RecordKind
  readonly tenantId?: string
  readonly actor?: Actor
  readonly action: string
  readonly target?: string
  readonly outcome: string
  readonly status?: number
  readonly route?: string
  readonly method?: string
  readonly path?: string
  readonly requestId?: string
  readonly address?: string
  readonly durationUs?: number
  readonly details?: Readonly<Record<string, unknown>>
  readonly before?: unknown
  readonly after?: unknown
  /** SHA-256 over the previous record's hash and this record without its hash; 64 hex digits. */
  readonly hash: string
}
