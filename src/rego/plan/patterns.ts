import type { CoreTerm } from '../compile/core.ts'

/** Splits two array patterns, or two object patterns with constant keys, into pairs of parts. */
export function splitPatterns(
  a: CoreTerm,
  b: CoreTerm,
): (readonly [CoreTerm, CoreTerm])[] | 'mismatch' | undefined {
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.items.length !== b.items.length) return 'mismatch'
    return a.items.map((item, i) => [item, b.items[i]!] as const)
  }
  const keysA = a.kind === 'object' ? constKeys(a.entries) : undefined
  const keysB = b.kind === 'object' ? constKeys(b.entries) : undefined
  if (keysA === undefined || keysB === undefined) return undefined
  if (keysA.size !== keysB.size) return 'mismatch'
  const pairs: (readonly [CoreTerm, CoreTerm])[] = []
  for (const [key, value] of keysA) {
    const other = keysB.get(key)
    if (other === undefined) return 'mismatch'
    pairs.push([value, other])
  }
  return pairs
}

function constKeys(
  entries: readonly (readonly [CoreTerm, CoreTerm])[],
): Map<string, CoreTerm> | undefined {
  const keys = new Map<string, CoreTerm>()
  for (const [key, value] of entries) {
    if (key.kind !== 'const' || typeof key.value !== 'string' || keys.has(key.value))
      return undefined
    keys.set(key.value, value)
  }
  return keys
}
