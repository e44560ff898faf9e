import type { CharSet } from './char-set.ts'
import { areDisjoint, NONE, union } from './char-set.ts'
import type { Pattern } from './syntax.ts'

/** A pattern that may match anywhere is tried at every position, so its matches must be short. */
const FLOATING_LENGTH_MAX = 32

/**
 * Whether a backtracking engine provably needs only time linear in the text, by a sufficient but not necessary
 * condition: at every choice, the next code point alone decides (strong one-unambiguity, Brüggemann-Klein and Wood
 * 1998), and there is only one way to match the empty text. A failed attempt then cannot succeed in any other way, so
 * that each backtrack costs constant time. The pattern must begin with `^`, or match only short texts.
 *
 * @param floatingMax how many code points a match that may begin anywhere may have
 */
export function isProvablyLinear(pattern: Pattern, floatingMax = FLOATING_LENGTH_MAX): boolean {
  if (!isDeterministic(pattern, NONE)) return false
  return startsAnchored(pattern) || longest(pattern) <= floatingMax
}

/** Whether the next code point decides every choice in the pattern; `follow` is what may come after it. */
function isDeterministic(pattern: Pattern, follow: CharSet): boolean {
  if (pattern.kind === 'chars' || pattern.kind === 'assertion') return true
  if (pattern.kind === 'sequence') return isSequenceDeterministic(pattern.parts, follow)
  if (pattern.kind === 'choice') return isChoiceDeterministic(pattern.options, follow)
  return isRepeatDeterministic(pattern, follow)
}

function isSequenceDeterministic(parts: readonly Pattern[], follow: CharSet): boolean {
  let after = follow
  for (const part of [...parts].reverse()) {
    if (!isDeterministic(part, after)) return false
    after = canBeEmpty(part) ? union(first(part), after) : first(part)
  }
  return true
}

function isChoiceDeterministic(options: readonly Pattern[], follow: CharSet): boolean {
  let seen: CharSet = options.some(canBeEmpty) ? follow : NONE
  if (options.filter(canBeEmpty).length > 1) return false
  for (const option of options) {
    const starts = first(option)
    if (!areDisjoint(seen, starts) || !isDeterministic(option, follow)) return false
    seen = union(seen, starts)
  }
  return true
}

function isRepeatDeterministic(
  { part, min, max }: Extract<Pattern, { kind: 'repeat' }>,
  follow: CharSet,
): boolean {
  if (max === 0) return true
  if (canBeEmpty(part)) return false
  const starts = first(part)
  if (min !== max && !areDisjoint(starts, follow)) return false
  return isDeterministic(part, max > 1 ? union(starts, follow) : follow)
}

function canBeEmpty(pattern: Pattern): boolean {
  if (pattern.kind === 'chars') return false
  if (pattern.kind === 'assertion') return true
  if (pattern.kind === 'sequence') return pattern.parts.every(canBeEmpty)
  if (pattern.kind === 'choice') return pattern.options.some(canBeEmpty)
  return pattern.min === 0 || canBeEmpty(pattern.part)
}

/** The code points that a match can begin with. */
function first(pattern: Pattern): CharSet {
  if (pattern.kind === 'chars') return pattern.set
  if (pattern.kind === 'assertion') return NONE
  if (pattern.kind === 'sequence') {
    const solid = pattern.parts.findIndex((part) => !canBeEmpty(part))
    const parts = solid === -1 ? pattern.parts : pattern.parts.slice(0, solid + 1)
    return parts.map(first).reduce(union, NONE)
  }
  if (pattern.kind === 'choice') return pattern.options.map(first).reduce(union, NONE)
  return pattern.max === 0 ? NONE : first(pattern.part)
}

function startsAnchored(pattern: Pattern): boolean {
  if (pattern.kind === 'assertion') return pattern.at === 'start'
  if (pattern.kind === 'sequence')
    return pattern.parts[0] !== undefined && startsAnchored(pattern.parts[0])
  if (pattern.kind === 'choice') return pattern.options.every(startsAnchored)
  return false
}

/** The length of the longest match in code points. */
function longest(pattern: Pattern): number {
  if (pattern.kind === 'chars') return 1
  if (pattern.kind === 'assertion') return 0
  if (pattern.kind === 'sequence')
    return pattern.parts.reduce((sum, part) => sum + longest(part), 0)
  if (pattern.kind === 'choice') return Math.max(...pattern.options.map(longest))
  const each = longest(pattern.part)
  return each === 0 ? 0 : each * pattern.max
}
