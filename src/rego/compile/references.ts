import type { Callee, CoreLiteral, CoreTerm, RefTerm } from './core.ts'
import { headOf, nestedBodies, termsOf, visitTerms, withTerms } from './vars.ts'

/** Called for each reference and each call in a body, at any depth. */
export interface ReferenceVisitor {
  ref(ref: RefTerm): void
  call(callee: Callee): void
}

/** Visits every reference and call of a body. */
export function visitReferences(body: readonly CoreLiteral[], visitor: ReferenceVisitor): void {
  for (const literal of body) {
    for (const term of [...termsOf(literal), ...withTerms(literal)])
      visitReferencesIn(term, visitor)
    if (literal.kind === 'call') visitor.call(literal.callee)
    for (const modifier of literal.with) {
      if (modifier.value.kind === 'function' || modifier.value.kind === 'builtin')
        visitor.call(modifier.value)
    }
    for (const nested of nestedBodies(literal)) visitReferences(nested, visitor)
  }
}

function visitReferencesIn(term: CoreTerm, visitor: ReferenceVisitor): void {
  visitTerms(term, (part) => {
    if (part.kind === 'ref') visitor.ref(part)
    if (part.kind !== 'comprehension') return
    for (const head of headOf(part)) visitReferencesIn(head, visitor)
  })
}
