import type { Location } from '../errors.ts'
import type { Expr, Group, PlannedRule } from '../plan/ir.ts'
import { isBase, WALKS } from '../plan/is-base.ts'
import type { Targets } from '../plan/targets.ts'
import { get } from '../runtime/get.ts'
import { kindOf } from '../runtime/list.ts'
import type { Machine } from '../runtime/machine.ts'
import {
  countFast,
  greater,
  greaterEqual,
  less,
  lessEqual,
  minusFast,
  plusFast,
  same,
  timesFast,
} from '../runtime/operators.ts'
import { virtualForce, virtualGet } from '../runtime/virtual.ts'
import type { Documents } from '../runtime/virtual.ts'
import { makeObject, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'

/** The variables of one activation of a rule. */
export type Frame = unknown[]
export type Evaluate = (frame: Frame) => Value | undefined

/** What expressions call: the functions of groups, which may not exist yet. */
export interface Linker {
  readonly machine: Machine
  readonly targets: Targets
  readonly documents: Documents
  document(group: Group): () => Value | undefined
  function(group: Group): (...args: readonly Value[]) => Value | undefined
  /** Plans a rule that was deferred until it was needed. */
  onDemand(group: Group, at: number): PlannedRule
  siteOf(group: Group, at: number): Location
  finder(id: number): (...keys: readonly Value[]) => Value | undefined
}

type Operator = (machine: Machine, a: Value, b: Value, isBased: boolean) => Value | undefined

const OPERATORS: Readonly<Record<string, Operator>> = {
  equal: (_machine, a, b) => same(a, b),
  neq: (_machine, a, b) => !same(a, b),
  lt: (_machine, a, b) => less(a, b),
  lte: (_machine, a, b) => lessEqual(a, b),
  gt: (_machine, a, b) => greater(a, b),
  gte: (_machine, a, b) => greaterEqual(a, b),
  plus: (_machine, a, b) => plusFast(a, b),
  minus: (_machine, a, b) => minusFast(a, b),
  mul: (_machine, a, b) => timesFast(a, b),
  count: (_machine, a) => countFast(a),
  'net.cidr_contains': (machine, a, b) => machine.networks.contains(a, b),
  'internal.member_2': (machine, a, b, isBased) => machine.isMember(a, b, isBased),
  'internal.is_collection': (_machine, a) => kindOf(a) !== 0,
}

/** Turns an expression into a closure. */
export function linkExpr(linker: Linker, expr: Expr): Evaluate {
  const { machine } = linker
  switch (expr.op) {
    case 'const': {
      const { value } = expr
      return () => value
    }
    case 'slot': {
      const { slot } = expr
      return (frame) => frame[slot] as Value | undefined
    }
    case 'input':
      return () => machine.input
    case 'data': {
      const { path } = expr
      return () => machine.base(path)
    }
    case 'get': {
      const [base, key] = [linkExpr(linker, expr.base), linkExpr(linker, expr.key)]
      return (frame) => get(base(frame), key(frame)!)
    }
    case 'array': {
      const items = linkAll(linker, expr.items)
      return (frame) => items.map((item) => item(frame)!)
    }
    case 'set': {
      const items = linkAll(linker, expr.items)
      return (frame) => RSet.from(items.map((item) => item(frame)!))
    }
    case 'object': {
      const entries = expr.entries.map(
        ([key, value]) => [linkExpr(linker, key), linkExpr(linker, value)] as const,
      )
      return (frame) =>
        makeObject(entries.map(([key, value]) => [key(frame)!, value(frame)!] as const))
    }
    case 'builtin':
      return linkBuiltin(linker, expr)
    case 'call':
      return linkCall(linker, expr)
    case 'rule':
      return linker.document(expr.group)
    case 'find': {
      const keys = linkAll(linker, expr.keys)
      const { id } = expr.finder
      return (frame) => linker.finder(id)(...keys.map((key) => key(frame)!))
    }
    case 'node': {
      // Only `vget`, `force` and loops over documents see it.
      const node = expr.node as unknown as Value
      return () => node
    }
    case 'vget': {
      const [base, key] = [linkExpr(linker, expr.base), linkExpr(linker, expr.key)]
      return (frame) => virtualGet(linker.documents, base(frame), key(frame)!) as Value | undefined
    }
    case 'force':
    default: {
      const base = linkExpr(linker, expr.base)
      return (frame) => virtualForce(linker.documents, base(frame))
    }
  }
}

function linkAll(linker: Linker, exprs: readonly Expr[]): readonly Evaluate[] {
  return exprs.map((expr) => linkExpr(linker, expr))
}

function linkCall(linker: Linker, expr: Expr & { op: 'call' }): Evaluate {
  const { machine } = linker
  const args = linkAll(linker, expr.args)
  const { group } = expr
  const { mock } = group
  return (frame) => {
    const values = args.map((arg) => arg(frame)!)
    const replacement = mock === -1 ? undefined : machine.mocks[mock]
    return replacement === undefined
      ? linker.function(group)(...values)
      : machine.mocked(replacement, values)
  }
}

function linkBuiltin(linker: Linker, expr: Expr & { op: 'builtin' }): Evaluate {
  const { machine } = linker
  const { builtin, site } = expr
  const args = linkAll(linker, expr.args)
  const mock = linker.targets.mockOf(builtin.name)
  if (mock !== -1) {
    return (frame) => {
      const values = args.map((arg) => arg(frame)!)
      const replacement = machine.mocks[mock]
      return replacement === undefined
        ? machine.call(builtin, values, site)
        : machine.mocked(replacement, values)
    }
  }
  const operator = Object.hasOwn(OPERATORS, builtin.name) ? OPERATORS[builtin.name] : undefined
  if (operator === undefined) {
    const method = WALKS.has(builtin.name) && isBase(expr.args[0]!) ? 'walk' : 'call'
    return (frame) =>
      machine[method](
        builtin,
        args.map((arg) => arg(frame)!),
        site,
      )
  }
  const [first, second] = [args[0]!, args[1] ?? args[0]!]
  const isBased = expr.args[1] !== undefined && isBase(expr.args[1])
  return (frame) => {
    const [a, b] = [first(frame)!, second(frame)!]
    return (
      operator(machine, a, b, isBased) ??
      machine.call(builtin, args.length === 1 ? [a] : [a, b], site)
    )
  }
}
