/** Whom the entry of a key is for, spelled out. */
export interface KeyOwner {
  readonly kind: string
  readonly tenant: string
  readonly isAnonymous: boolean
}

/** A key as pools see it: two texts that are compared, and a hash of both. */
export interface PooledKey {
  readonly scope: string
  readonly name: string
  /** Signed 32-bit number that depends on both texts alone. */
  readonly hash: number
}

/**
 * A key with its hash. Make it once and keep it where possible, because hashing text costs more than the lookup. The
 * scope is the part that says whose entry it is; the keys of a scope share its text.
 */
export class CacheKey implements PooledKey {
  /** Length-prefixed text of kind, tenant and caller; see `createKeys`. */
  readonly scope: string
  /** Length-prefixed text of the rest. */
  readonly name: string
  /** Seeded hash of both, as a signed 32-bit number. */
  readonly hash: number
  readonly owner: KeyOwner

  constructor(owner: KeyOwner, scope: string, name: string, hash: number) {
    this.owner = owner
    this.scope = scope
    this.name = name
    this.hash = hash
  }

  /** The whole key as text, as levels outside the process know it. */
  get text(): string {
    return this.scope + this.name
  }
}
