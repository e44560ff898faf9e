import type * as ast from '../syntax/ast.ts'
import type { CoreLiteral, CoreTerm, Local } from './core.ts'
import type { Unit } from './environment.ts'
import { lowerLogical, lowerNot } from './lower-logical.ts'
import {
  calleeText,
  capturesResult,
  checkDeprecated,
  hoist,
  lowerOperand,
  lowerTerm,
  maybe,
  resolveCallee,
} from './lower-term.ts'
import type { Place } from './lower-term.ts'
import { lowerWith } from './lower-with.ts'
import { declaredNames, patternNames, Scope } from './scope.ts'

/** Lowers a body; `scope` is the body's own. */
export function lowerBody(unit: Unit, body: ast.Body, scope: Scope): CoreLiteral[] {
  const out: CoreLiteral[] = []
  for (const literal of body) lowerLiteral(unit, literal, scope, out)
  for (const local of scope.unused()) {
    unit.error('locals', 'rego_compile_error', `declared var ${local.name} unused`, local.start)
  }
  return out
}

function lowerLiteral(unit: Unit, literal: ast.Literal, scope: Scope, out: CoreLiteral[]): void {
  const plain: Place = { unit, scope, out, with: [], start: literal.start, lowerBody }
  const withs = literal.with.map((modifier) => lowerWith(plain, modifier))
  const place: Place = { ...plain, with: withs }
  const { expression } = literal
  switch (expression.kind) {
    case 'some':
      for (const variable of expression.vars) declare(place, variable, 'declared', literal.start)
      break
    case 'some-in':
      lowerSomeIn(place, expression)
      break
    case 'every':
      lowerEvery(place, expression)
      break
    case 'logical':
      lowerLogical(place, expression, lowerLiteral)
      break
    case 'not':
      lowerNot(place, expression, lowerLiteral)
      break
    case 'term':
      lowerExpression(place, expression.term, literal.negated)
      break
  }
}

function declare(
  place: Place,
  variable: ast.VarTerm,
  how: 'assigned' | 'declared',
  at: number,
): Local {
  const { unit, scope } = place
  const { name, start } = variable
  const local = unit.local(name, how === 'declared' ? at : start)
  if (name === 'input' || name === 'data') {
    const message = `variables must not shadow ${name} (use a different variable name)`
    unit.error('locals', 'rego_compile_error', message, start)
    return local
  }
  if (name === '_' && how === 'assigned') return local
  const problem = scope.declare(name, local, how)
  if (problem !== undefined)
    unit.error('locals', 'rego_compile_error', problem, how === 'declared' ? at : start)
  return local
}

function lowerSomeIn(place: Place, expression: ast.SomeInExpression): void {
  const domain = lowerTerm(place, expression.domain)
  const names = new Map<string, ast.VarTerm>()
  for (const term of [expression.key, expression.value]) {
    if (term !== undefined) collectVars(term, names)
  }
  for (const variable of names.values()) {
    if (variable.name === '_') continue
    const local = declare(place, variable, 'declared', place.start)
    if (local.name !== '') place.scope.find(variable.name)
  }
  const base = domain.kind === 'local' ? domain.local : hoistedLocal(place, domain)
  const key =
    expression.key === undefined
      ? ({
          kind: 'local',
          local: place.unit.local('_', expression.start),
          start: expression.start,
        } as const)
      : lowerOperand(place, expression.key)
  const value = lowerTerm(place, expression.value)
  const right: CoreTerm = { kind: 'ref', head: base, path: [key], start: expression.start }
  push(place, { kind: 'unify', left: value, right, compare: false })
}

function collectVars(term: ast.Term, into: Map<string, ast.VarTerm>): void {
  if (term.kind === 'var') into.set(term.name, term)
  else if (term.kind === 'array') for (const item of term.items) collectVars(item, into)
  else if (term.kind === 'object') for (const [, value] of term.entries) collectVars(value, into)
}

function hoistedLocal(place: Place, term: CoreTerm): Local {
  const hoisted = hoist(place, term)
  if (hoisted.kind === 'local') return hoisted.local
  const local = place.unit.local('', term.start)
  push(place, {
    kind: 'unify',
    left: { kind: 'local', local, start: term.start },
    right: term,
    compare: false,
  })
  return local
}

type NewLiteral = CoreLiteral extends infer L
  ? L extends CoreLiteral
    ? Omit<L, 'start' | 'negated' | 'with'>
    : never
  : never

function push(place: Place, literal: NewLiteral, negated = false): void {
  place.out.push({ ...literal, start: place.start, negated, with: place.with })
}

function lowerEvery(place: Place, expression: ast.EveryExpression): void {
  const domain = lowerTerm(place, expression.domain)
  const local: CoreTerm = {
    kind: 'local',
    local: hoistedAt(place, domain, expression.domain.start),
    start: domain.start,
  }
  const hidden = declaredNames(expression.body)
  const outer = new Scope(
    place.scope,
    new Set([expression.value.name, expression.key?.name ?? '_']),
  )
  const inside: Place = { ...place, scope: outer }
  const key =
    expression.key === undefined ? undefined : declareEvery(inside, expression.key, place.start)
  const value = declareEvery(inside, expression.value, place.start)
  const body = lowerBody(place.unit, expression.body, new EveryScope(outer, hidden))
  for (const unused of outer.unused()) {
    if (unused.name !== '_')
      place.unit.error(
        'locals',
        'rego_compile_error',
        `declared var ${unused.name} unused`,
        expression.body[0]?.start ?? unused.start,
      )
  }
  push(place, { kind: 'every', ...(key !== undefined && { key }), value, domain: local, body })
}

/** The scope of the body of `every`: names declared in its head cannot be declared again. */
class EveryScope extends Scope {
  override declare(
    name: string,
    local: Local,
    how: 'arg' | 'assigned' | 'declared',
  ): string | undefined {
    if (this.parent?.has(name) === true) return `var ${name} declared above`
    return super.declare(name, local, how)
  }
}

function hoistedAt(place: Place, term: CoreTerm, start: number): Local {
  const local = place.unit.local('', start)
  place.out.push({
    kind: 'unify',
    left: { kind: 'local', local, start },
    right: term,
    compare: false,
    start,
    negated: false,
    with: place.with,
  })
  return local
}

function declareEvery(place: Place, variable: ast.VarTerm, at: number): Local {
  if (variable.name === '_') return place.unit.local('_', variable.start)
  return declare(place, variable, 'declared', at)
}

function lowerExpression(place: Place, term: ast.Term, negated: boolean): void {
  if (term.kind !== 'call') {
    const core = lowerTerm(place, term)
    push(place, { kind: 'test', term: core }, negated)
    return
  }
  if (term.infix === ':=') lowerAssign(place, term, negated)
  else if (term.infix === '=' || term.infix === '==') {
    const compare = term.infix === '=='
    const left = lowerTerm(place, term.args[0]!)
    const right = lowerTerm(place, term.args[1]!)
    push(place, { kind: 'unify', left, right, compare }, negated)
  } else if (calleeText(term.name) === 'print' && place.scope.find('print') === undefined)
    lowerPrint(place, term, negated)
  else lowerCall(place, term, negated)
}

function lowerAssign(place: Place, term: ast.CallTerm, negated: boolean): void {
  const [target, value] = [term.args[0]!, term.args[1]!]
  if (negated) {
    place.unit.error(
      'locals',
      'rego_compile_error',
      'cannot assign vars inside negated expression',
      place.start,
    )
    return
  }
  const right = lowerTerm(place, value)
  if (!checkTarget(place, target, target.kind === 'var' ? term.start : target.start)) return
  for (const variable of patternVars(target)) declare(place, variable, 'assigned', variable.start)
  const left = lowerTerm(place, target)
  push(place, { kind: 'unify', left, right, compare: false })
}

function patternVars(term: ast.Term): ast.VarTerm[] {
  if (term.kind === 'var') return [term]
  if (term.kind === 'array') return term.items.flatMap(patternVars)
  return term.kind === 'object' ? term.entries.flatMap(([, value]) => patternVars(value)) : []
}

function checkTarget(place: Place, term: ast.Term, start: number): boolean {
  if (term.kind === 'var') return true
  if (term.kind === 'array') return term.items.every((item) => checkTarget(place, item, item.start))
  if (term.kind === 'object')
    return term.entries.every(([, value]) => checkTarget(place, value, value.start))
  place.unit.error('locals', 'rego_compile_error', `cannot assign to ${targetName(term)}`, start)
  return false
}

function targetName(term: ast.Term): string {
  if (term.kind === 'comprehension') return `${term.of}comprehension`
  return term.kind === 'template' ? 'call' : term.kind
}

function lowerPrint(place: Place, term: ast.CallTerm, negated: boolean): void {
  const { unit, scope } = place
  const names = new Map<string, ast.VarTerm>()
  for (const arg of term.args) if (arg.kind === 'var') names.set(arg.name, arg)
  for (const variable of names.values()) {
    const known =
      scope.find(variable.name) !== undefined || unit.names.resolve(variable.name) !== undefined
    if (!known && !unit.free.has(variable.name)) {
      unit.error(
        'locals',
        'rego_compile_error',
        `var ${variable.name} is undeclared`,
        variable.start,
      )
    }
  }
  const builtin = unit.context.builtins.get('internal.print')
  if (!unit.context.keepPrint || builtin === undefined) {
    for (const arg of term.args) markUsed(place, arg)
    push(place, { kind: 'test', term: { kind: 'const', value: true, start: term.start } }, negated)
    return
  }
  const items = term.args.map((arg) => maybe(place, arg))
  const args: CoreTerm[] = [{ kind: 'array', items, start: term.start }]
  push(place, { kind: 'call', callee: { kind: 'builtin', builtin }, args }, negated)
}

function markUsed(place: Place, term: ast.Term): void {
  lowerTerm({ ...place, out: [] }, term)
}

function lowerCall(place: Place, term: ast.CallTerm, negated: boolean): void {
  const callee = resolveCallee(place, term.name)
  const captures =
    callee !== undefined && capturesResult(place, callee, term.args.length, term.start)
  const operands = captures ? term.args.slice(0, -1) : term.args
  const args = operands.map((arg) => lowerOperand(place, arg))
  const out = captures ? lowerTerm(place, term.args.at(-1)!) : undefined
  if (callee === undefined) return
  checkDeprecated(place, callee, term.start)
  push(
    place,
    { kind: 'call', callee, args, ...(out !== undefined && { out: hoistOut(place, out) }) },
    negated,
  )
}

function hoistOut(place: Place, out: CoreTerm): CoreTerm {
  return hoist(place, out)
}

/** Binds the names of a pattern; used for the patterns of arguments. */
export function bindPattern(place: Place, term: ast.Term): void {
  const names = new Set<string>()
  patternNames(term, names)
  const vars = new Map<string, ast.VarTerm>()
  collectVars(term, vars)
  for (const variable of vars.values()) {
    if (variable.name === '_' || place.scope.find(variable.name) !== undefined) continue
    place.scope.declare(variable.name, place.unit.local(variable.name, variable.start), 'arg')
  }
}
