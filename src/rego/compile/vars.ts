import type { CoreLiteral, CoreTerm, Local } from './core.ts'

/** Calls back for each variable of a term that is not inside a comprehension, and says whether it is a key. */
export function visitVars(
  term: CoreTerm,
  visit: (local: Local, isKey: boolean, start: number) => void,
  isKey = false,
): void {
  switch (term.kind) {
    case 'local':
      visit(term.local, isKey, term.start)
      break
    case 'ref':
      if (typeof term.head !== 'string') visit(term.head, false, term.start)
      for (const key of term.path) visitVars(key, visit, true)
      break
    case 'array':
    case 'set':
      for (const item of term.items) visitVars(item, visit, isKey)
      break
    case 'object':
      for (const [key, value] of term.entries) {
        visitVars(key, visit, isKey)
        visitVars(value, visit, isKey)
      }
      break
    case 'comprehension':
    case 'const':
    default:
      break
  }
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

/** All variables of what is nested in a literal: of bodies, and of the heads of comprehensions. */
export function nestedVars(literal: CoreLiteral): Set<Local> {
  const vars = new Set<Local>()
  for (const term of termsOf(literal)) addNested(term, vars)
  if (literal.kind === 'every' || literal.kind === 'holds') allVars(literal.body, vars)
  return vars
}

function addNested(term: CoreTerm, into: Set<Local>): void {
  switch (term.kind) {
    case 'comprehension':
      for (const part of term.key === undefined ? [term.value] : [term.key, term.value]) {
        visitVars(part, (local) => into.add(local))
        addNested(part, into)
      }
      allVars(term.body, into)
      break
    case 'array':
    case 'set':
      for (const item of term.items) addNested(item, into)
      break
    case 'object':
      for (const pair of term.entries) for (const part of pair) addNested(part, into)
      break
    case 'const':
    case 'local':
    case 'ref':
    default:
      break
  }
}

/** The bodies nested in a literal. */
export function nestedBodies(literal: CoreLiteral): readonly (readonly CoreLiteral[])[] {
  const bodies: (readonly CoreLiteral[])[] = []
  for (const term of termsOf(literal)) collectBodies(term, bodies)
  if (literal.kind === 'every' || literal.kind === 'holds') bodies.push(literal.body)
  return bodies
}

function collectBodies(term: CoreTerm, into: (readonly CoreLiteral[])[]): void {
  switch (term.kind) {
    case 'comprehension':
      into.push(term.body)
      break
    case 'array':
    case 'set':
      for (const item of term.items) collectBodies(item, into)
      break
    case 'object':
      for (const pair of term.entries) for (const part of pair) collectBodies(part, into)
      break
    case 'const':
    case 'local':
    case 'ref':
    default:
      break
  }
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
