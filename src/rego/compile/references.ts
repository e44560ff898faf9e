import type { Callee, CoreLiteral, CoreTerm, RefTerm } from './core.ts'
import { nestedBodies, termsOf, withTerms } from './vars.ts'

/** Told of each reference and each call in a body, at any depth. */
export interface ReferenceVisitor {
  ref(ref: RefTerm): void
  call(callee: Callee): void
}

/** Visits every reference and call of a body. */
export function visitReferences(body: readonly CoreLiteral[], visitor: ReferenceVisitor): void {
  for (const literal of body) {
    for (const term of [...termsOf(literal), ...withTerms(literal)]) visitTerm(term, visitor)
    if (literal.kind === 'call') visitor.call(literal.callee)
    for (const modifier of literal.with) {
      if (modifier.value.kind === 'function' || modifier.value.kind === 'builtin')
        visitor.call(modifier.value)
    }
    for (const nested of nestedBodies(literal)) visitReferences(nested, visitor)
  }
}

function visitTerm(term: CoreTerm, visitor: ReferenceVisitor): void {
  switch (term.kind) {
    case 'ref':
      visitor.ref(term)
      break
    case 'comprehension':
      if (term.key !== undefined) visitTerm(term.key, visitor)
      visitTerm(term.value, visitor)
      break
    case 'array':
    case 'set':
      for (const item of term.items) visitTerm(item, visitor)
      break
    case 'object':
      for (const pair of term.entries) for (const part of pair) visitTerm(part, visitor)
      break
    case 'const':
    case 'local':
    default:
      break
  }
}
