import type { ComprehensionTerm, CoreLiteral, Local } from '../compile/core.ts'
import { orderBody } from '../compile/safety.ts'
import { literalVars, nestedVars } from '../compile/vars.ts'
import type { Grouping } from './ir.ts'
import type { BodyPlanner } from './plan-body.ts'

/**
 * Plans a comprehension that is in a loop and compares with outer variables: it is computed once for all values of
 * those variables, so that grouping takes linear time.
 */
export function planGrouping(body: BodyPlanner, term: ComprehensionTerm): Grouping | undefined {
  if (term.of === 'object' || !body.groups || !body.isRepeated()) return undefined
  const keys = capturedKeys(body, term)
  if (keys === undefined || keys.length === 0) return undefined
  const free = term.body.map((literal): CoreLiteral =>
    literal.kind === 'unify' && !literal.negated ? { ...literal, compare: false } : literal,
  )
  const bound = new Set<Local>()
  let unsafe = false
  const ordered = orderBody(
    () => {
      unsafe = true
    },
    free,
    bound,
  )
  // A different order of the loops would change the order of the results.
  const sameOrder =
    ordered.length === free.length &&
    ordered.every((literal, i) => literal.start === free[i]!.start)
  if (unsafe || !sameOrder || !keys.every((key) => bound.has(key))) return undefined
  const group = body.apart(term.of === 'array')
  group.planBody(ordered)
  if (!group.isBound(term.value)) return undefined
  const value = group.operand(term.value)
  return {
    id: body.planner.groupings++,
    keys: keys.map((key) => ({ op: 'slot', slot: body.bound.get(key)! })),
    block: group.steps,
    groupKeys: keys.map((key) => ({ op: 'slot', slot: group.bound.get(key)! })),
    value,
  }
}

/** The variables taken from outside, if all are used in a way that may bind them. */
function capturedKeys(body: BodyPlanner, term: ComprehensionTerm): Local[] | undefined {
  const keys = new Set<Local>()
  for (const literal of term.body) {
    if (literal.with.length > 0) return undefined
    for (const local of nestedVars(literal)) if (body.bound.has(local)) return undefined
    for (const local of literalVars(literal)) if (body.bound.has(local)) keys.add(local)
  }
  return [...keys]
}
