import { RSet } from '../values/index.ts'

/** The members of `a` that `b` lacks. */
export function difference(a: RSet, b: RSet): RSet {
  const result = new RSet()
  for (const member of a.unordered()) if (!b.has(member)) result.add(member)
  return result
}

/** The members `a` and `b` share. */
export function intersect(a: RSet, b: RSet): RSet {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  const result = new RSet()
  for (const member of small.unordered()) if (large.has(member)) result.add(member)
  return result
}

/** The members of all sets. */
export function unite(sets: readonly RSet[]): RSet {
  const result = new RSet()
  for (const set of sets) for (const member of set.unordered()) result.add(member)
  return result
}
