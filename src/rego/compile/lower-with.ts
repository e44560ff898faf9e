import type * as ast from '../syntax/ast.ts'
import type { Callee, With, WithTarget } from './core.ts'
import { arityOf, calleeText, lowerOperand } from './lower-term.ts'
import type { Place } from './lower-term.ts'

/** Lowers a `with`: its value is computed before the literal that it modifies. */
export function lowerWith(place: Place, modifier: ast.WithModifier): With {
  const { start } = modifier
  const target = withTarget(place, modifier.target)
  const replacement = target.kind === 'callee' ? calleeValue(place, modifier.value) : undefined
  if (target.kind === 'callee' && replacement !== undefined) {
    checkReplacement(place, target.callee, target.name, replacement, modifier.start)
    return { target, value: replacement, start }
  }
  return { target, value: lowerOperand(place, modifier.value), start }
}

function withTarget(place: Place, term: ast.Term): WithTarget {
  const { unit } = place
  const head =
    term.kind === 'var'
      ? term
      : term.kind === 'ref' && term.head.kind === 'var'
        ? term.head
        : undefined
  const keys = term.kind === 'ref' ? term.path : []
  const names = keys.map((key) => (key.kind === 'string' ? key.value : undefined))
  const constant = names.every((name) => name !== undefined) ? names : undefined
  const target =
    head === undefined || place.scope.hides(head.name) ? undefined : unit.names.resolve(head.name)
  if (target !== undefined && constant !== undefined) {
    const path = [...target.path, ...constant]
    const callee = target.root === 'data' ? unit.functionAt(path) : undefined
    if (callee !== undefined) return { kind: 'callee', callee, name: `data.${path.join('.')}` }
    if (target.root === 'data') checkPartial(place, path, term.start)
    return { kind: target.root, path }
  }
  if (target !== undefined) {
    unit.error('with', 'rego_type_error', 'with keyword target must be ground', term.start)
    return { kind: 'input', path: [] }
  }
  const text = calleeText(term)
  const builtin = unit.context.builtins.get(text)
  if (builtin !== undefined) {
    if (builtin.relation === true) {
      const message = 'with keyword replacing built-in function: target must not be a relation'
      unit.error('with', 'rego_compile_error', message, term.start)
    }
    return { kind: 'callee', callee: { kind: 'builtin', builtin }, name: text }
  }
  const message = 'with keyword target must reference existing input, data, or a function'
  unit.error('with', 'rego_type_error', message, term.start)
  return { kind: 'input', path: [] }
}

function checkPartial(place: Place, path: readonly string[], start: number): void {
  const { root } = place.unit.context.tree
  for (let length = 1; length < path.length; length++) {
    const node = root.find(path.slice(0, length))
    if (node === undefined) return
    if (node.rules.length > 0) {
      const message = 'with keyword cannot partially replace virtual document(s)'
      place.unit.error('with', 'rego_compile_error', message, start)
      return
    }
  }
}

function calleeValue(place: Place, term: ast.Term): Callee | undefined {
  const head =
    term.kind === 'var'
      ? term
      : term.kind === 'ref' && term.head.kind === 'var'
        ? term.head
        : undefined
  if (
    head === undefined ||
    (term.kind === 'ref' && !term.path.every((key) => key.kind === 'string'))
  )
    return undefined
  if (place.scope.find(head.name) !== undefined || place.scope.hides(head.name)) return undefined
  const target = place.unit.names.resolve(head.name)
  if (target !== undefined) {
    if (target.root !== 'data') return undefined
    const keys =
      term.kind === 'ref' ? term.path.map((key) => (key.kind === 'string' ? key.value : '')) : []
    return place.unit.functionAt([...target.path, ...keys])
  }
  const builtin = place.unit.context.builtins.get(calleeText(term))
  if (builtin === undefined) return undefined
  return { kind: 'builtin', builtin }
}

function checkReplacement(
  place: Place,
  target: Callee,
  name: string,
  value: Callee,
  start: number,
): void {
  if (value.kind === 'builtin' && value.builtin.relation === true) {
    const message = 'with keyword replacing built-in function: value must not be a relation'
    place.unit.error('with', 'rego_compile_error', message, start)
    return
  }
  if (arityOf(target) !== arityOf(value)) {
    place.unit.error('functions', 'rego_type_error', `${name}: arity mismatch`, start)
  }
}
