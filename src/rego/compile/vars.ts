import type { ComprehensionTerm, CoreLiteral, CoreTerm, Local } from './core.ts'

/** The terms that a term is made of; none for a comprehension, whose terms are in a scope of their own. */
function partsOf(term: CoreTerm): readonly CoreTerm[] {
  switch (term.kind) {
    case 'ref':
      return term.path
    case 'array':
    case 'set':
      return term.items
    case 'object':
      return term.entries.flat()
    case 'comprehension':
    case 'const':
    case 'local':
    default:
      return []
  }
}

/** Calls back for a term and for each term in it that is not inside a comprehension. */
export function visitTerms(term: CoreTerm, visit: (term: CoreTerm) => void): void {
  visit(term)
  for (const part of partsOf(term)) visitTerms(part, visit)
}

/** Calls back for each variable of a term that is not inside a comprehension, and says whether it is a key. */
export function visitVars(
  term: CoreTerm,
  visit: (local: Local, isKey: boolean, start: number) => void,
  isKey = false,
): void {
  if (term.kind === 'local') visit(term.local, isKey, term.start)
  const isReference = term.kind === 'ref'
  if (isReference && typeof term.head !== 'string') visit(term.head, false, term.start)
  for (const part of partsOf(term)) visitVars(part, visit, isKey || isReference)
}

/** The terms of a literal, without those of nested bodies. */
export function termsOf(literal: CoreLiteral): readonly CoreTerm[] {
  switch (literal.kind) {
    case 'test':
      return [literal.term]
    case 'unify':
      return [literal.left, literal.right]
    case 'call':
      return literal.out === undefined ? literal.args : [...literal.args, literal.out]
    case 'holds':
      return []
    case 'every':
    default:
      return [literal.domain]
  }
}

/** The values that a literal's `with` modifiers need. */
export function withTerms(literal: CoreLiteral): readonly CoreTerm[] {
  if (literal.with.length === 0) return []
  return literal.with.flatMap(({ value }) =>
    value.kind === 'builtin' || value.kind === 'function' ? [] : [value],
  )
}

/** All variables nested in a literal: those of bodies and of the heads of comprehensions. */
export function nestedVars(literal: CoreLiteral): Set<Local> {
  const vars = new Set<Local>()
  for (const term of termsOf(literal)) addNested(term, vars)
  if (literal.kind === 'every' || literal.kind === 'holds') allVars(literal.body, vars)
  return vars
}

function addNested(term: CoreTerm, into: Set<Local>): void {
  for (const comprehension of comprehensionsOf(term)) {
    for (const part of headOf(comprehension)) {
      visitVars(part, (local) => into.add(local))
      addNested(part, into)
    }
    allVars(comprehension.body, into)
  }
}

/** What a comprehension collects: the key, if there is one, and the value. */
export function headOf({ key, value }: ComprehensionTerm): readonly CoreTerm[] {
  return key === undefined ? [value] : [key, value]
}

function comprehensionsOf(term: CoreTerm): readonly ComprehensionTerm[] {
  const found: ComprehensionTerm[] = []
  visitTerms(term, (part) => {
    if (part.kind === 'comprehension') found.push(part)
  })
  return found
}

/** The bodies nested in a literal. */
export function nestedBodies(literal: CoreLiteral): readonly (readonly CoreLiteral[])[] {
  const bodies = termsOf(literal)
    .flatMap(comprehensionsOf)
    .map(({ body }) => body)
  return literal.kind === 'every' || literal.kind === 'holds' ? [...bodies, literal.body] : bodies
}

function allVars(body: readonly CoreLiteral[], into: Set<Local>): void {
  for (const literal of body) {
    for (const local of literalVars(literal)) into.add(local)
    for (const local of nestedVars(literal)) into.add(local)
  }
}

/** The variables of a literal, without those of nested bodies. */
export function literalVars(literal: CoreLiteral): Set<Local> {
  const vars = new Set<Local>(literal.kind === 'holds' ? literal.needs : [])
  for (const term of termsOf(literal)) visitVars(term, (local) => vars.add(local))
  for (const term of withTerms(literal)) visitVars(term, (local) => vars.add(local))
  return vars
}
