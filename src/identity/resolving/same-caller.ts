import type { Caller } from '../../core/caller.ts'

/**
 * Whether nothing about a caller has changed: compiled or shared parts must be the same objects. The place of its
 * counters is not part of its identity.
 */
export function isSameCaller(known: Caller, next: Caller): boolean {
  const names = Object.keys(next) as (keyof Caller)[]
  return names.every(
    (name) =>
      known[name] === next[name] ||
      name === 'counterPlace' ||
      name === 'counterEra' ||
      (name === 'limits' && isSameRecord(known.limits, next.limits)),
  )
}

function isSameRecord(known: Caller['limits'], next: Caller['limits']): boolean {
  if (known === undefined || next === undefined) return known === next
  const names = Object.keys(next)
  return (
    names.length === Object.keys(known).length && names.every((name) => known[name] === next[name])
  )
}
