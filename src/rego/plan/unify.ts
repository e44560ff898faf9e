import type { CoreTerm } from '../compile/core.ts'
import { visitVars } from '../compile/vars.ts'
import type { Expr } from './ir.ts'
import { splitPatterns } from './patterns.ts'
import type { BodyPlanner } from './plan-body.ts'

/** Makes two terms equal. */
export function unify(body: BodyPlanner, left: CoreTerm, right: CoreTerm): void {
  let pairs: (readonly [CoreTerm, CoreTerm])[] = [[left, right]]
  while (pairs.length > 0) {
    const later: (readonly [CoreTerm, CoreTerm])[] = []
    let progress = false
    for (const [a, b] of pairs) {
      const parts = splitPatterns(a, b)
      if (parts === 'mismatch') {
        body.steps.push({ op: 'fail' })
        // The following steps are never reached, but their variables must have slots.
        bindAll(body, a)
        bindAll(body, b)
        progress = true
      } else if (parts !== undefined) {
        later.push(...parts)
        progress = true
      } else if (unifyPair(body, a, b)) progress = true
      else later.push([a, b])
    }
    if (!progress) throw new Error('internal: cannot unify')
    pairs = later
  }
}

function bindAll(body: BodyPlanner, term: CoreTerm): void {
  visitVars(term, (local) => {
    if (body.bound.has(local)) return
    const slot = body.slot()
    body.steps.push({ op: 'let', slot, expr: { op: 'const', value: null } })
    body.bind(local, slot)
  })
}

function unifyPair(body: BodyPlanner, a: CoreTerm, b: CoreTerm): boolean {
  const evaluableA = isEvaluable(body, a)
  const evaluableB = isEvaluable(body, b)
  if (evaluableA && evaluableB) {
    const left = body.value(a)
    const first = left.op === 'const' || left.op === 'slot' ? left : body.defined(left)
    equal(body, first, body.value(b))
  } else if (evaluableB) unifyWith(body, a, body.value(b))
  else if (evaluableA) unifyWith(body, b, body.value(a))
  else return false
  return true
}

function equal(body: BodyPlanner, left: Expr, right: Expr): void {
  body.steps.push({ op: 'equal', left, right })
}

/** Whether a term can be computed now; keys of references may still be searched. */
function isEvaluable(body: BodyPlanner, term: CoreTerm): boolean {
  if (term.kind === 'ref') return typeof term.head === 'string' || body.bound.has(term.head)
  return body.isBound(term)
}

/** Makes a pattern equal to an expression. */
export function unifyWith(body: BodyPlanner, pattern: CoreTerm, expr: Expr): void {
  if (pattern.kind === 'local' && !body.bound.has(pattern.local)) {
    body.bind(pattern.local, body.keep(expr))
  } else if (pattern.kind === 'array' && !body.isBound(pattern)) {
    const base = body.defined(expr)
    body.steps.push({ op: 'is-array', expr: base, length: pattern.items.length })
    pattern.items.forEach((item, i) =>
      unifyWith(body, item, { op: 'get', base, key: { op: 'const', value: i } }),
    )
  } else if (pattern.kind === 'object' && !body.isBound(pattern)) {
    const base = body.defined(expr)
    body.steps.push({ op: 'is-object', expr: base, size: pattern.entries.length })
    for (const [key, value] of pattern.entries)
      unifyWith(body, value, { op: 'get', base, key: body.value(key) })
  } else equal(body, body.defined(expr), body.value(pattern))
}
