import type { ComprehensionTerm, CoreBranch, CoreLiteral, CoreTerm, Local } from './core.ts'
import type { Unit } from './environment.ts'
import {
  headOf,
  literalVars,
  nestedBodies,
  nestedVars,
  termsOf,
  visitVars,
  withTerms,
} from './vars.ts'

const NO_LOCALS: ReadonlySet<Local> = new Set()

/** A literal with what it needs from its surroundings. */
interface Pending {
  readonly literal: CoreLiteral
  readonly vars: ReadonlySet<Local>
  /** Variables of nested bodies that the enclosing body binds. */
  readonly captured: ReadonlySet<Local>
}

/** Called for each variable that nothing binds. */
export type Report = (local: Local, start: number) => void

/** A report to the diagnostics of a unit. */
export function reportTo(unit: Unit): Report {
  return (local, start) =>
    unit.error('safety', 'rego_unsafe_var_error', `var ${local.name} is unsafe`, start)
}

/** Orders the body of a rule's branch and reports variables that nothing binds. */
export function orderBranch(unit: Unit, branch: CoreBranch, params: ReadonlySet<Local>): void {
  const told = new Set<Local>()
  const report: Report = (local, start) => {
    told.add(local)
    reportTo(unit)(local, start)
  }
  const bound = new Set(params)
  branch.body = orderBody(report, branch.body, bound)
  for (const term of [...branch.keys, branch.value]) {
    visitVars(term, (local, _isKey, start) => {
      if (!bound.has(local) && local.name !== '' && !told.has(local)) report(local, start)
    })
  }
}

/** Orders a body, adding what it binds to `bound`. */
export function orderBody(
  report: Report,
  body: readonly CoreLiteral[],
  bound: Set<Local>,
): CoreLiteral[] {
  let pending: Pending[] = body.map((literal) => ({
    literal,
    vars: literalVars(literal),
    captured: NO_LOCALS,
  }))
  if (body.some((literal) => nestedBodies(literal).length > 0)) {
    const bodyVars = new Set<Local>()
    for (const { vars } of pending) for (const local of vars) bodyVars.add(local)
    pending = pending.map((item) => ({ ...item, captured: capturedVars(item.literal, bodyVars) }))
  }
  const ordered: CoreLiteral[] = []
  for (;;) {
    const waiting: Pending[] = []
    for (const item of pending) {
      const outputs = ready(item, bound)
      if (outputs === undefined) waiting.push(item)
      else {
        ordered.push(orderNested(report, item.literal, bound))
        for (const local of outputs) bound.add(local)
      }
    }
    if (waiting.length === 0) return ordered
    if (waiting.length === pending.length) {
      reportUnsafe(report, waiting, bound)
      return ordered
    }
    pending = waiting
  }
}

function capturedVars(literal: CoreLiteral, bodyVars: ReadonlySet<Local>): Set<Local> {
  const captured = new Set<Local>()
  for (const local of nestedVars(literal)) if (bodyVars.has(local)) captured.add(local)
  return captured
}

/** The variables that a literal binds if it can be evaluated now; otherwise `undefined`. */
function ready(item: Pending, bound: ReadonlySet<Local>): Set<Local> | undefined {
  const { literal } = item
  for (const local of item.captured) if (!bound.has(local)) return undefined
  const outputs = literal.negated ? new Set<Local>() : outputsOf(literal, bound)
  for (const local of item.vars) if (!bound.has(local) && !outputs.has(local)) return undefined
  for (const term of withTerms(literal)) if (!isBound(term, bound)) return undefined
  return outputs
}

function isBound(term: CoreTerm, bound: ReadonlySet<Local>, outputs?: ReadonlySet<Local>): boolean {
  let all = true
  visitVars(term, (local) => {
    if (!bound.has(local) && outputs?.has(local) !== true) all = false
  })
  return all
}

function outputsOf(literal: CoreLiteral, bound: ReadonlySet<Local>): Set<Local> {
  const outputs = new Set<Local>()
  for (const term of literal.kind === 'call' ? literal.args : termsOf(literal))
    keyOutputs(term, bound, outputs)
  if (literal.kind === 'unify' && !literal.compare)
    unifyOutputs(literal.left, literal.right, bound, outputs)
  else if (literal.kind === 'call' && literal.out !== undefined) {
    keyOutputs(literal.out, bound, outputs)
    patternOutputs(literal.out, bound, outputs)
  }
  return outputs
}

/** Keys of references whose heads are bound are outputs. */
function keyOutputs(term: CoreTerm, bound: ReadonlySet<Local>, outputs: Set<Local>): void {
  if (term.kind === 'ref') {
    if (typeof term.head !== 'string' && !bound.has(term.head) && !outputs.has(term.head)) return
    for (const key of term.path) keyVars(key, bound, outputs)
  }
}

function keyVars(key: CoreTerm, bound: ReadonlySet<Local>, outputs: Set<Local>): void {
  if (key.kind === 'local') {
    if (!bound.has(key.local)) outputs.add(key.local)
  } else if (key.kind === 'array') for (const item of key.items) keyVars(item, bound, outputs)
  else if (key.kind === 'object')
    for (const [, value] of key.entries) keyVars(value, bound, outputs)
}

function unifyOutputs(
  left: CoreTerm,
  right: CoreTerm,
  bound: ReadonlySet<Local>,
  outputs: Set<Local>,
): void {
  for (let before = -1; before !== outputs.size;) {
    before = outputs.size
    unifyPair(left, right, bound, outputs)
    keyOutputs(left, bound, outputs)
    keyOutputs(right, bound, outputs)
  }
}

function unifyPair(
  left: CoreTerm,
  right: CoreTerm,
  bound: ReadonlySet<Local>,
  outputs: Set<Local>,
): void {
  if (left.kind === 'array' && right.kind === 'array') {
    if (left.items.length !== right.items.length) return
    left.items.forEach((item, i) => unifyPair(item, right.items[i]!, bound, outputs))
    return
  }
  if (left.kind === 'object' && right.kind === 'object') {
    unifyObjects(left.entries, right.entries, bound, outputs)
    return
  }
  const leftBound = isBound(left, bound, outputs)
  const rightBound = isBound(right, bound, outputs)
  if (rightBound && !leftBound) patternOutputs(left, bound, outputs)
  else if (leftBound && !rightBound) patternOutputs(right, bound, outputs)
}

function unifyObjects(
  left: readonly (readonly [CoreTerm, CoreTerm])[],
  right: readonly (readonly [CoreTerm, CoreTerm])[],
  bound: ReadonlySet<Local>,
  outputs: Set<Local>,
): void {
  for (const [key, value] of left) {
    const other = right.find(([candidate]) => sameKey(key, candidate))
    if (other !== undefined) unifyPair(value, other[1], bound, outputs)
  }
}

/** Whether two keys of object patterns are the same constant or the same variable. */
export function sameKey(a: CoreTerm, b: CoreTerm): boolean {
  if (a.kind === 'const' && b.kind === 'const') return a.value === b.value
  return a.kind === 'local' && b.kind === 'local' && a.local === b.local
}

function patternOutputs(term: CoreTerm, bound: ReadonlySet<Local>, outputs: Set<Local>): void {
  switch (term.kind) {
    case 'local':
      if (!bound.has(term.local)) outputs.add(term.local)
      break
    case 'array':
      for (const item of term.items) patternOutputs(item, bound, outputs)
      break
    case 'object':
      for (const [key, value] of term.entries) {
        if (isBound(key, bound, outputs)) patternOutputs(value, bound, outputs)
      }
      break
    case 'comprehension':
    case 'const':
    case 'ref':
    case 'set':
    default:
      break
  }
}

function orderNested(report: Report, literal: CoreLiteral, bound: ReadonlySet<Local>): CoreLiteral {
  switch (literal.kind) {
    case 'test':
      return { ...literal, term: orderTerm(report, literal.term, bound, literal.start) }
    case 'unify':
      return {
        ...literal,
        left: orderTerm(report, literal.left, bound, literal.start),
        right: orderTerm(report, literal.right, bound, literal.start),
      }
    case 'call':
      return literal
    case 'holds':
      return { ...literal, body: orderBody(report, literal.body, new Set(bound)) }
    case 'every':
    default: {
      const inside = new Set(bound)
      if (literal.key !== undefined) inside.add(literal.key)
      inside.add(literal.value)
      return { ...literal, body: orderBody(report, literal.body, inside) }
    }
  }
}

function orderTerm(
  report: Report,
  term: CoreTerm,
  bound: ReadonlySet<Local>,
  start: number,
): CoreTerm {
  return term.kind === 'comprehension' ? orderComprehension(report, term, bound, start) : term
}

function orderComprehension(
  report: Report,
  term: ComprehensionTerm,
  bound: ReadonlySet<Local>,
  start: number,
): ComprehensionTerm {
  const inside = new Set(bound)
  const body = orderBody(report, term.body, inside)
  for (const part of headOf(term)) {
    visitVars(part, (local) => {
      if (!inside.has(local) && local.name !== '') report(local, start)
    })
  }
  return { ...term, body }
}

function reportUnsafe(
  report: Report,
  waiting: readonly Pending[],
  bound: ReadonlySet<Local>,
): void {
  const told = new Set<Local>()
  for (const { literal, vars, captured } of waiting) {
    const outputs = literal.negated ? NO_LOCALS : outputsOf(literal, bound)
    for (const local of new Set([...vars, ...captured])) {
      if (
        bound.has(local) ||
        (outputs.has(local) && !captured.has(local)) ||
        told.has(local) ||
        local.name === ''
      )
        continue
      told.add(local)
      report(local, literal.start)
    }
  }
}
