/** How a caller proved who they are. */
export type CallerKind = 'key' | 'token' | 'session' | 'jwt' | 'anonymous'

/** A compiled set of permissions `resource:action`; answers without allocating. */
export interface PermissionSet {
  /** Whether `permission` (no wildcards) is granted. */
  has(permission: string): boolean
  /** Which role and which of its permissions grants it, for explanations. */
  explain(permission: string): { readonly role: string; readonly permission: string } | undefined
  /** The granted patterns, sorted, for listings. */
  list(): readonly string[]
}

/** Exists only for the compiler: it keeps a copy (`{ ...caller, id }`) from passing for a {@link Caller}. */
declare abstract class Uncopied {
  private readonly uncopied: never
}

/**
 * Who is calling. Immutable except for the two fields of the counter hint, so it can be cached by a digest of the
 * whole credential and shared between requests. Only {@link newCaller} makes one: a copy would carry the hint of
 * the original and, with another id, still be counted as the original.
 */
export interface Caller extends Uncopied {
  readonly kind: CallerKind
  /** Id of the credential (key id, token id or session id), not of the user; empty when anonymous. */
  readonly id: string
  readonly tenantId: string
  /** Id of the key that a token was made with; `undefined` for every other credential. */
  readonly ownerId: string | undefined
  /** The user behind the credential, when there is one. */
  readonly userId: string | undefined
  readonly roles: readonly string[]
  readonly permissions: PermissionSet
  /** Plan name for limits and metering, when one is set. */
  readonly plan: string | undefined
  /** This caller's own values, by limit name: each replaces the rate or allowance of that limit. */
  readonly limits: Readonly<Record<string, number>> | undefined
  /** When the credential expires, in milliseconds since the epoch; `Infinity` when never. */
  readonly expiresAtMs: number
  /** Whether the credential may be used from `address`; `undefined` means from anywhere. */
  readonly allowsAddress: ((address: string) => boolean) | undefined
  /** Hint: where the counter store last found this caller's counters, to be verified there; -1 at first. */
  counterPlace: number
  /** Hint: by which a counter store recognizes {@link Caller.counterPlace} as its own; `undefined` at first. */
  counterEra: object | undefined
}

/** Everything about a caller except the counter hint. */
export type CallerFacts = Omit<Caller, 'counterPlace' | 'counterEra'>

/** Makes a {@link Caller} with an empty counter hint. */
export function newCaller(facts: CallerFacts): Caller {
  const fields: CallerFacts & Pick<Caller, 'counterPlace' | 'counterEra'> = {
    kind: facts.kind,
    id: facts.id,
    tenantId: facts.tenantId,
    ownerId: facts.ownerId,
    userId: facts.userId,
    roles: facts.roles,
    permissions: facts.permissions,
    plan: facts.plan,
    limits: facts.limits,
    expiresAtMs: facts.expiresAtMs,
    allowsAddress: facts.allowsAddress,
    counterPlace: -1,
    counterEra: undefined,
  }
  return fields as Caller
}

const nothing: PermissionSet = { has: () => false, explain: () => undefined, list: () => [] }

/** The caller of a request without a credential: no tenant, no role, no permission. */
export const anonymousCaller: Caller = newCaller({
  kind: 'anonymous',
  id: '',
  tenantId: '',
  ownerId: undefined,
  userId: undefined,
  roles: [],
  permissions: nothing,
  plan: undefined,
  limits: undefined,
  expiresAtMs: Infinity,
  allowsAddress: undefined,
})
Object.freeze(anonymousCaller)
