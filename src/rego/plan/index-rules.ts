import type { CoreLiteral, CoreTerm, Local, RefTerm } from '../compile/core.ts'
import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { GroupMember } from './groups.ts'
import type { Expr, IndexNode, RuleIndex } from './ir.ts'

const RULES_MIN = 4
const DEPTH_MAX = 4

/** What a rule demands of one expression: to be one of some scalars. */
interface Demand {
  readonly key: string
  readonly expr: Expr
  readonly values: readonly Value[]
}

/** Finds which tests tell a group's rules apart, so that only those that can succeed are tried. */
export function planIndex(members: readonly GroupMember[]): IndexNode | undefined {
  if (members.length < RULES_MIN) return undefined
  const demands = members.map((member) => demandsOf(member))
  const all = members.map((_, i) => i)
  const node = build(all, demands, new Set(), 0)
  return node.indexes.length === 0 ? undefined : node
}

function demandsOf(member: GroupMember): readonly Demand[] {
  const { info } = member
  const branch = info.branches[0]
  if (branch === undefined || info.branches.length > 1) return []
  const aliases = new Map<Local, RefTerm>()
  const demands: Demand[] = []
  for (const literal of branch.body) {
    if (literal.negated || literal.with.length > 0) continue
    if (literal.kind === 'unify' && literal.left.kind === 'local' && literal.right.kind === 'ref') {
      aliases.set(literal.left.local, literal.right)
    }
    const demand = demandOf(literal, info.params, aliases)
    if (demand !== undefined) demands.push(demand)
  }
  return demands
}

function demandOf(
  literal: CoreLiteral,
  params: readonly Local[],
  aliases: ReadonlyMap<Local, RefTerm>,
): Demand | undefined {
  if (literal.kind === 'unify') {
    return (
      demand(literal.left, scalars(literal.right), params, aliases) ??
      demand(literal.right, scalars(literal.left), params, aliases)
    )
  }
  if (literal.kind !== 'call' || literal.out !== undefined) return undefined
  if (literal.callee.kind !== 'builtin' || literal.callee.builtin.name !== 'internal.member_2')
    return undefined
  return demand(literal.args[0]!, members(literal.args[1]!), params, aliases)
}

function isScalar(value: Value): boolean {
  return typeof value !== 'object' || value === null
}

function scalars(term: CoreTerm): readonly Value[] | undefined {
  return term.kind === 'const' && isScalar(term.value) ? [term.value] : undefined
}

function members(term: CoreTerm): readonly Value[] | undefined {
  if (term.kind !== 'const') return undefined
  const { value } = term
  const values =
    value instanceof RSet
      ? value.values()
      : Array.isArray(value)
        ? (value as readonly Value[])
        : undefined
  return values !== undefined && values.length > 0 && values.length <= 16 && values.every(isScalar)
    ? [...new Set(values)]
    : undefined
}

function demand(
  term: CoreTerm,
  values: readonly Value[] | undefined,
  params: readonly Local[],
  aliases: ReadonlyMap<Local, RefTerm>,
): Demand | undefined {
  if (values === undefined) return undefined
  if (term.kind === 'local') {
    const slot = params.indexOf(term.local)
    if (slot !== -1) return { key: `#${String(slot)}`, expr: { op: 'slot', slot }, values }
    const alias = aliases.get(term.local)
    return alias === undefined ? undefined : demand(alias, values, params, new Map())
  }
  if (term.kind !== 'ref' || term.head === 'data') return undefined
  const slot = term.head === 'input' ? -1 : params.indexOf(term.head)
  if (term.head !== 'input' && slot === -1) return undefined
  let expr: Expr = slot === -1 ? { op: 'input' } : { op: 'slot', slot }
  let key = slot === -1 ? 'input' : `#${String(slot)}`
  for (const part of term.path) {
    if (part.kind !== 'const' || !isScalar(part.value)) return undefined
    expr = { op: 'get', base: expr, key: { op: 'const', value: part.value } }
    key += `.${JSON.stringify(part.value)}`
  }
  return { key, expr, values }
}

function build(
  rules: readonly number[],
  demands: readonly (readonly Demand[])[],
  used: ReadonlySet<string>,
  depth: number,
): IndexNode {
  const best = depth >= DEPTH_MAX ? undefined : mostCommon(rules, demands, used)
  if (best === undefined) return { rules, indexes: [] }
  const nextUsed = new Set([...used, best])
  const grouped = new Map<Value, number[]>()
  const rest: number[] = []
  let expr: Expr | undefined
  for (const rule of rules) {
    const demand = demands[rule]!.find(({ key }) => key === best)
    if (demand === undefined) {
      rest.push(rule)
      continue
    }
    expr ??= demand.expr
    for (const value of demand.values) {
      const list = grouped.get(value)
      if (list === undefined) grouped.set(value, [rule])
      else list.push(rule)
    }
  }
  const buckets = new Map<Value, IndexNode>()
  for (const [value, list] of grouped) buckets.set(value, build(list, demands, nextUsed, depth + 1))
  const index: RuleIndex = { expr: expr!, buckets }
  const others = build(rest, demands, nextUsed, depth + 1)
  return { rules: others.rules, indexes: [index, ...others.indexes] }
}

function mostCommon(
  rules: readonly number[],
  demands: readonly (readonly Demand[])[],
  used: ReadonlySet<string>,
): string | undefined {
  const counts = new Map<string, { rules: number; values: Set<Value> }>()
  for (const rule of rules) {
    for (const { key, values } of demands[rule]!) {
      if (used.has(key)) continue
      const count = counts.get(key) ?? { rules: 0, values: new Set() }
      count.rules++
      for (const value of values) count.values.add(value)
      counts.set(key, count)
    }
  }
  let best: string | undefined
  let bestScore = 0
  for (const [key, { rules: total, values }] of counts) {
    if (total < RULES_MIN || values.size < 2) continue
    const score = total * Math.min(values.size, 16)
    if (score > bestScore) {
      best = key
      bestScore = score
    }
  }
  return best
}
