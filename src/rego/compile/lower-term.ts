import { makeObject, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type * as ast from '../syntax/ast.ts'
import type { Callee, CoreLiteral, CoreTerm, Local, RefTerm, With } from './core.ts'
import type { Unit } from './environment.ts'
import { declaredNames, Scope } from './scope.ts'

/** The state of lowering: the names in scope, and where to put literals that compute parts of a term. */
export interface Place {
  readonly unit: Unit
  readonly scope: Scope
  /** Literals computed before the term. */
  readonly out: CoreLiteral[]
  /** The modifiers that apply to those literals too. */
  readonly with: readonly With[]
  /** The start of the literal that the term is in. */
  readonly start: number
  readonly lowerBody: (unit: Unit, body: ast.Body, scope: Scope) => CoreLiteral[]
}

/** Lowers a term in a pattern or an operand: references stay, and calls are computed before it. */
export function lowerTerm(place: Place, term: ast.Term): CoreTerm {
  switch (term.kind) {
    case 'null':
      return { kind: 'const', value: null, start: term.start }
    case 'boolean':
    case 'number':
    case 'string':
      return { kind: 'const', value: term.value, start: term.start }
    case 'var':
      return lowerVar(place, term)
    case 'ref':
      return lowerRef(place, term)
    case 'array':
      return foldSequence({
        kind: 'array',
        items: term.items.map((item) => lowerOperand(place, item)),
        start: term.start,
      })
    case 'set':
      return foldSequence({
        kind: 'set',
        items: term.items.map((item) => lowerOperand(place, item)),
        start: term.start,
      })
    case 'object':
      return foldObject(
        term.entries.map(
          ([key, value]) => [lowerOperand(place, key), lowerOperand(place, value)] as const,
        ),
        term.start,
      )
    case 'comprehension':
      return lowerComprehension(place, term)
    case 'call':
      return lowerCallTerm(place, term)
    case 'template':
    default:
      return lowerTemplate(place, term)
  }
}

/** Like {@link lowerTerm}, but references are computed before it too. */
export function lowerOperand(place: Place, term: ast.Term): CoreTerm {
  return hoist(place, lowerTerm(place, term))
}

/** Gives a reference or comprehension a variable of its own. */
export function hoist(place: Place, term: CoreTerm): CoreTerm {
  if (term.kind !== 'ref' && term.kind !== 'comprehension') return term
  const local: CoreTerm = {
    kind: 'local',
    local: place.unit.local('', term.start),
    start: term.start,
  }
  emit(place, { kind: 'unify', left: local, right: term, compare: false })
  return local
}

type NewLiteral = CoreLiteral extends infer L
  ? L extends CoreLiteral
    ? Omit<L, 'start' | 'negated' | 'with'>
    : never
  : never

function emit(place: Place, literal: NewLiteral, start = place.start): void {
  place.out.push({ ...literal, start, negated: false, with: place.with })
}

export function isConst(term: CoreTerm): term is CoreTerm & { kind: 'const' } {
  return term.kind === 'const'
}

function foldSequence(term: {
  kind: 'array' | 'set'
  items: readonly CoreTerm[]
  start: number
}): CoreTerm {
  if (!term.items.every(isConst)) return term
  const values = term.items.map((item) => (item as { value: Value }).value)
  return {
    kind: 'const',
    value: term.kind === 'array' ? values : RSet.from(values),
    start: term.start,
  }
}

function foldObject(entries: readonly (readonly [CoreTerm, CoreTerm])[], start: number): CoreTerm {
  if (!entries.every(([key, value]) => isConst(key) && isConst(value)))
    return { kind: 'object', entries, start }
  const values = entries.map(
    ([key, value]) => [(key as { value: Value }).value, (value as { value: Value }).value] as const,
  )
  return { kind: 'const', value: makeObject(values), start }
}

/** The local that a variable refers to; `undefined` if it names a rule, an import, `input` or `data`. */
export function localOf(place: Place, term: ast.VarTerm): Local | undefined {
  const { unit, scope } = place
  if (term.name === '_') return unit.local('_', term.start)
  const declared = scope.find(term.name)
  if (declared !== undefined) return declared
  if (!scope.hides(term.name) && unit.names.resolve(term.name) !== undefined) return undefined
  scope.reference(term.name)
  return unit.freeLocal(term.name, term.start)
}

function lowerVar(place: Place, term: ast.VarTerm): CoreTerm {
  const local = localOf(place, term)
  if (local !== undefined) return { kind: 'local', local, start: term.start }
  return globalRef(place, term, [])
}

function globalRef(place: Place, term: ast.VarTerm, keys: readonly CoreTerm[]): RefTerm {
  const target = place.unit.names.resolve(term.name)!
  const prefix = target.path.map((value): CoreTerm => ({ kind: 'const', value, start: term.start }))
  return { kind: 'ref', head: target.root, path: [...prefix, ...keys], start: term.start }
}

function lowerRef(place: Place, term: ast.RefTerm): CoreTerm {
  const { head } = term
  const local = head.kind === 'var' ? localOf(place, head) : undefined
  if (head.kind === 'var' && local === undefined) {
    return globalRef(
      place,
      head,
      term.path.map((key) => lowerOperand(place, key)),
    )
  }
  const base = local ?? localFor(place, lowerTerm(place, head), head.start)
  return {
    kind: 'ref',
    head: base,
    path: term.path.map((key) => lowerOperand(place, key)),
    start: term.start,
  }
}

function localFor(place: Place, term: CoreTerm, start: number): Local {
  if (term.kind === 'local') return term.local
  const local = place.unit.local('', start)
  emit(place, { kind: 'unify', left: { kind: 'local', local, start }, right: term, compare: false })
  return local
}

function lowerComprehension(place: Place, term: ast.ComprehensionTerm): CoreTerm {
  const scope = new Scope(place.scope, declaredNames(term.body))
  const body = place.lowerBody(place.unit, term.body, scope)
  const inside: Place = { ...place, scope, out: body, with: [] }
  const key = term.key === undefined ? undefined : lowerOperand(inside, term.key)
  const value = lowerOperand(inside, term.value)
  return {
    kind: 'comprehension',
    of: term.of,
    ...(key !== undefined && { key }),
    value,
    body,
    start: term.start,
  }
}

/** The dotted name of a call as it was written. */
export function calleeText(name: ast.Term): string {
  if (name.kind === 'var') return name.name
  if (name.kind !== 'ref') return ''
  return [
    calleeText(name.head),
    ...name.path.map((key) => (key.kind === 'string' ? key.value : '')),
  ].join('.')
}

/** Finds the target of a call; `undefined` (after an error) if nothing has the name. */
export function resolveCallee(place: Place, name: ast.Term): Callee | undefined {
  const { unit, scope } = place
  const head =
    name.kind === 'var'
      ? name
      : name.kind === 'ref' && name.head.kind === 'var'
        ? name.head
        : undefined
  if (head === undefined) return undefined
  const text = calleeText(name)
  const hidden = scope.find(head.name) !== undefined || scope.hides(head.name)
  const target = hidden ? undefined : unit.names.resolve(head.name)
  if (target?.root === 'data') {
    const keys =
      name.kind === 'ref' ? name.path.map((key) => (key.kind === 'string' ? key.value : '')) : []
    const path = [...target.path, ...keys]
    const callee = unit.functionAt(path)
    if (callee !== undefined) return callee
    if (!unit.context.builtins.has(text)) {
      unit.error(
        'functions',
        'rego_type_error',
        `undefined function data.${path.join('.')}`,
        name.start,
      )
      return undefined
    }
  }
  const builtin = unit.context.builtins.get(text)
  if (builtin !== undefined) return { kind: 'builtin', builtin }
  unit.error('functions', 'rego_type_error', `undefined function ${text}`, name.start)
  return undefined
}

/** Checks the number of arguments; returns whether the last one captures the result. */
export function capturesResult(
  place: Place,
  callee: Callee,
  given: number,
  start: number,
): boolean {
  if (callee.kind === 'builtin') {
    const { builtin } = callee
    if (builtin.variadic === true) return false
    const wanted = builtin.args.length
    if (given !== wanted && given !== wanted + 1) {
      place.unit.error('functions', 'rego_type_error', `${builtin.name}: arity mismatch`, start)
    }
    return given === wanted + 1
  }
  const wanted = arityOf(callee)
  if (given === wanted || given === wanted + 1) return given === wanted + 1
  const label = `data.${callee.path.join('.')}`
  const message = `function ${label} has arity ${String(wanted)}, got ${String(given)} argument${given === 1 ? '' : 's'}`
  place.unit.error('functions', 'rego_type_error', message, start)
  return false
}

/** The number of arguments that a callee takes. */
export function arityOf(callee: Callee): number {
  if (callee.kind === 'builtin') return callee.builtin.args.length
  return Math.max(0, callee.node.rules.find((rule) => rule.kind === 'function')?.arity ?? 0)
}

function lowerCallTerm(place: Place, term: ast.CallTerm): CoreTerm {
  const local: CoreTerm = {
    kind: 'local',
    local: place.unit.local('', term.start),
    start: term.start,
  }
  if (term.infix === ':=' || term.infix === '=') {
    place.unit.error('locals', 'rego_compile_error', 'cannot assign inside a term', term.start)
    return local
  }
  if (calleeText(term.name) === 'print') {
    place.unit.error(
      'functions',
      'rego_type_error',
      `${place.unit.source.text.slice(term.start, term.end)} used as value`,
      term.start,
    )
    return local
  }
  const answer = metadataAnswer(place, term)
  if (answer !== undefined) return answer
  const callee = resolveCallee(place, term.name)
  const args = term.args.map((arg) => lowerOperand(place, arg))
  if (callee === undefined) return local
  checkDeprecated(place, callee, term.start)
  if (capturesResult(place, callee, args.length, term.start)) {
    place.unit.error(
      'functions',
      'rego_type_error',
      `${calleeText(term.name)}: arity mismatch`,
      term.start,
    )
  }
  emit(place, { kind: 'call', callee, args, out: local }, term.start)
  return local
}

/** The result of `rego.metadata.chain` or `rego.metadata.rule`, which is a constant. */
export function metadataAnswer(place: Place, term: ast.CallTerm): CoreTerm | undefined {
  const { metadata } = place.unit
  if (metadata === undefined || term.args.length > 0) return undefined
  const text = calleeText(term.name)
  if (text === 'rego.metadata.chain')
    return { kind: 'const', value: metadata.chain(), start: term.start }
  if (text === 'rego.metadata.rule')
    return { kind: 'const', value: metadata.rule(), start: term.start }
  return undefined
}

/** Reports deprecated built-ins, which Rego v1 does not have. */
export function checkDeprecated(place: Place, callee: Callee, start: number): void {
  if (
    callee.kind !== 'builtin' ||
    callee.builtin.deprecated !== true ||
    place.unit.context.regoVersion === 0
  )
    return
  place.unit.error(
    'functions',
    'rego_type_error',
    `deprecated built-in function calls in expression: ${callee.builtin.name}`,
    start,
  )
}

function lowerTemplate(place: Place, term: ast.TemplateTerm): CoreTerm {
  const builtin = place.unit.context.builtins.get('internal.template_string')
  const parts = term.parts.map((part): CoreTerm => {
    if (typeof part === 'string') return { kind: 'const', value: part, start: term.start }
    return maybe(place, part)
  })
  if (parts.length === 0) return { kind: 'const', value: '', start: term.start }
  if (parts.length === 1 && typeof term.parts[0] === 'string') return parts[0]!
  if (builtin === undefined) {
    place.unit.error(
      'functions',
      'rego_type_error',
      'undefined function internal.template_string',
      term.start,
    )
    return { kind: 'const', value: '', start: term.start }
  }
  const local: CoreTerm = {
    kind: 'local',
    local: place.unit.local('', term.start),
    start: term.start,
  }
  const args = [foldSequence({ kind: 'array', items: parts, start: term.start })]
  emit(place, { kind: 'call', callee: { kind: 'builtin', builtin }, args, out: local }, term.start)
  return local
}

/** A set of the term's values; empty if it is undefined. */
export function maybe(place: Place, term: ast.Term): CoreTerm {
  const constant = isScalar(term) ? lowerTerm(place, term) : undefined
  if (constant !== undefined)
    return constant.kind === 'const'
      ? { ...constant, value: RSet.from([constant.value]) }
      : constant
  const body: CoreLiteral[] = []
  const scope = new Scope(place.scope, new Set())
  const inside: Place = { ...place, scope, out: body, with: [] }
  const value = lowerTerm(inside, term)
  const local: CoreTerm = {
    kind: 'local',
    local: place.unit.local('', term.start),
    start: term.start,
  }
  emit(inside, { kind: 'unify', left: local, right: value, compare: false })
  return hoist(place, { kind: 'comprehension', of: 'set', value: local, body, start: term.start })
}

function isScalar(term: ast.Term): boolean {
  return (
    term.kind === 'null' ||
    term.kind === 'boolean' ||
    term.kind === 'number' ||
    term.kind === 'string'
  )
}
