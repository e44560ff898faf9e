import type { Random } from '../../core/random.ts'
import type { TextHash } from '../text-hash.ts'
import { createTextHash } from '../text-hash.ts'
import { CacheKey } from './cache-key.ts'
import type { KeyOwner } from './cache-key.ts'
import { audienceText, bounded, partText, readParts } from './parts.ts'
import type { KeyAudience, KeyPart } from './parts.ts'

/** What all keys of a scope have in common. A key without kind, tenant and audience cannot be made. */
export interface KeyScopeSpec {
  readonly kind: string
  /** Empty for what belongs to no tenant. */
  readonly tenant: string
  readonly audience: KeyAudience
}

/** The keys of one kind, tenant and audience. Keep it with the caller, because making it costs text. */
export interface KeyScope {
  readonly text: string
  /** The key of some parts; texts beyond 512 characters are replaced by their SHA-256. */
  key(...parts: readonly KeyPart[]): CacheKey
  /** The key of a single text that exists already, which is fastest. Never equals a key made by {@link key}. */
  named(name: string): CacheKey
}

/** Makes keys whose hashes nobody can predict. */
export interface Keys {
  scope(spec: KeyScopeSpec): KeyScope
  /**
   * A key from its whole text, as {@link CacheKey.text} gives it: for levels and messages. `undefined`
   * when it is not the text of a key.
   */
  parse(text: string): CacheKey | undefined
}

const combine = (scopeHash: number, nameHash: number): number => {
  const mixed = Math.imul(scopeHash ^ (nameHash >>> 15) ^ (nameHash << 17), 0x9e3779b1)
  return mixed ^ (mixed >>> 16)
}

/** Creates {@link Keys}. */
export function createKeys(random: Random): Keys {
  const hash = createTextHash(random)
  return {
    scope: (spec) => createScope(spec, hash),
    parse: (text) => parseKey(text, hash),
  }
}

/** Marks the scope of keys that are named by one text, without a length. */
const NAMED_MARK = '='

function createScope(spec: KeyScopeSpec, hash: TextHash): KeyScope {
  const { kind, tenant, audience } = spec
  const text = partText(kind) + partText(tenant) + audienceText(audience)
  const namedText = text + NAMED_MARK
  const [textHash, namedHash] = [hash(text), hash(namedText)]
  const owner: KeyOwner = { kind, tenant, isAnonymous: audience.kind === 'anonymous' }
  return {
    text,
    key(...parts) {
      let name = ''
      for (const part of parts) name += partText(part)
      name = bounded(name)
      return new CacheKey(owner, text, name, combine(textHash, hash(name)))
    },
    named(name) {
      const short = bounded(name)
      return new CacheKey(owner, namedText, short, combine(namedHash, hash(short)))
    },
  }
}

function parseKey(text: string, hash: TextHash): CacheKey | undefined {
  const [kind, tenant, audience] = readParts(text, 3)
  if (kind?.type !== 's' || tenant?.type !== 's' || audience === undefined) return undefined
  const end = audience.end + (text[audience.end] === NAMED_MARK ? 1 : 0)
  const [scope, name] = [text.slice(0, end), text.slice(end)]
  const owner = { kind: kind.text, tenant: tenant.text, isAnonymous: audience.type === 'a' }
  return new CacheKey(owner, scope, name, combine(hash(scope), hash(name)))
}
