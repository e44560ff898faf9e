import type { Name } from '../contract.ts'
import type { CacheKey } from './cache-key.ts'
import { audienceText, bounded, partText, readParts } from './parts.ts'
import type { KeyAudience, KeyPart } from './parts.ts'

/** What keys begin with: the more that is given, the narrower. */
export interface KeyPattern {
  readonly kind: string
  readonly tenant?: string
  /** Only with a tenant. */
  readonly audience?: KeyAudience
  /** Only with an audience, and as many at most as the kind's `patternDepth`. */
  readonly parts?: readonly KeyPart[]
}

/** The kind, its tenant and its audience. */
const SCOPE_PARTS = 3

/** The name that invalidates all keys of a pattern. */
export function patternName(pattern: KeyPattern): Name {
  const { kind, tenant, audience, parts = [] } = pattern
  let text = partText(kind)
  if (tenant !== undefined) text += partText(tenant)
  else if (audience !== undefined) throw new TypeError('a pattern with an audience needs a tenant')
  if (audience !== undefined) text += audienceText(audience)
  else if (parts.length > 0) throw new TypeError('a pattern with parts needs an audience')
  for (const part of parts) text += partText(part)
  return { kind: 'prefix', name: bounded(text) }
}

/**
 * The names of all patterns that match a key: by its kind, tenant and audience, and by as many of its parts as
 * `patternDepth` says. A key that was too long and was replaced by a digest has no parts.
 */
export function prefixesOf(key: CacheKey, patternDepth: number): readonly string[] {
  const { text } = key
  return readParts(text, SCOPE_PARTS + patternDepth).map(({ end }) => bounded(text.slice(0, end)))
}
