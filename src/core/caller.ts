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

/** What makes a copy (`{ ...caller, id }`) no {@link Caller} for the compiler; there only for it. */
declare abstract class Uncopied {
  private readonly uncopied: never
}

/**
 * Who is calling. Immutable but for a hint, so that it can be cached by a digest of the whole credential and
 * shared between requests. Made by {@link newCaller} alone: a copy would carry the hint of the one it was copied
 * from, and with another id beside it be counted as that one.
 */
export interface Caller extends Uncopied {
  readonly kind: CallerKind
  /** Id of the credential itself (key id, token id, session id); empty when anonymous. */
  readonly id: string
  readonly tenantId: string
  /** The user behind the credential, when there is one. */
  readonly userId: string | undefined
  readonly roles: readonly string[]
  readonly permissions: PermissionSet
  /** Plan name for limits and metering, when one is set. */
  readonly plan: string | undefined
  /** Limits of this caller's own, by limit name: they replace the rate or allowance of that limit. */
  readonly limits: Readonly<Record<string, number>> | undefined
  /** When the credential ends, milliseconds since the epoch; `Infinity` when never. */
  readonly expiresAtMs: number
  /** Whether the credential may be used from `address`; `undefined` means from anywhere. */
  readonly allowsAddress: ((address: string) => boolean) | undefined
  /** Where counters of this caller were found last, for those who count them and check it; -1 at first. */
  counterPlace: number
  /** What they know it is theirs by; `undefined` at first. */
  counterEra: object | undefined
}

/** Everything that is said of a caller: all but the hint. */
export type CallerFacts = Omit<Caller, 'counterPlace' | 'counterEra'>

/** The caller of whom these facts are true, whose counters nobody has looked for yet. */
export function newCaller(facts: CallerFacts): Caller {
  const fields: CallerFacts & Pick<Caller, 'counterPlace' | 'counterEra'> = {
    kind: facts.kind,
    id: facts.id,
    tenantId: facts.tenantId,
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
  userId: undefined,
  roles: [],
  permissions: nothing,
  plan: undefined,
  limits: undefined,
  expiresAtMs: Infinity,
  allowsAddress: undefined,
})
Object.freeze(anonymousCaller)
