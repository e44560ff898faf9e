import type { Demand, DemandPath } from '../compile/rule-summary.ts'
import type { Value } from '../values/index.ts'
import type { GroupMember } from './groups.ts'
import type { Expr, IndexNode, RuleIndex } from './ir.ts'

const RULES_MIN = 4
const DEPTH_MAX = 4

/** Finds the tests that distinguish a group's rules, so that only rules that can succeed are tried. */
export function planIndex(
  members: readonly GroupMember[],
): { root: IndexNode; lookups: readonly Expr[] } | undefined {
  if (members.length < RULES_MIN) return undefined
  const demands = members.map((member) => member.info.summary.demands)
  const lookups = new Lookups()
  const all = members.map((_, i) => i)
  const root = build(all, demands, lookups, new Set(), 0)
  return root.indexes.length === 0 ? undefined : { root, lookups: lookups.exprs }
}

/** The expressions that an index looks up, each once. */
class Lookups {
  readonly exprs: Expr[] = []
  readonly #byKey = new Map<string, number>()

  number(path: DemandPath): number {
    let at = this.#byKey.get(path.key)
    if (at === undefined) {
      at = this.exprs.length
      this.exprs.push(exprOf(path))
      this.#byKey.set(path.key, at)
    }
    return at
  }
}

function exprOf(path: DemandPath): Expr {
  const root: Expr = path.param === -1 ? { op: 'input' } : { op: 'slot', slot: path.param }
  return path.keys.reduce<Expr>(
    (base, value) => ({ op: 'get', base, key: { op: 'const', value } }),
    root,
  )
}

const NO_INDEXES: readonly RuleIndex[] = []

function build(
  rules: readonly number[],
  demands: readonly (readonly Demand[])[],
  lookups: Lookups,
  used: ReadonlySet<string>,
  depth: number,
): IndexNode {
  const best = depth >= DEPTH_MAX ? undefined : mostCommon(rules, demands, used)
  if (best === undefined) return { rules, indexes: NO_INDEXES }
  const nextUsed = new Set([...used, best])
  const grouped = new Map<Value, number[]>()
  const rest: number[] = []
  let lookup = -1
  for (const rule of rules) {
    const demand = demands[rule]!.find(({ path }) => path.key === best)
    if (demand === undefined) {
      rest.push(rule)
      continue
    }
    lookup = lookups.number(demand.path)
    for (const value of demand.values) {
      const list = grouped.get(value)
      if (list === undefined) grouped.set(value, [rule])
      else list.push(rule)
    }
  }
  const buckets = new Map<Value, IndexNode>()
  for (const [value, list] of grouped)
    buckets.set(value, build(list, demands, lookups, nextUsed, depth + 1))
  const index: RuleIndex = { lookup, buckets }
  const others = build(rest, demands, lookups, nextUsed, depth + 1)
  return { rules: others.rules, indexes: [index, ...others.indexes] }
}

function mostCommon(
  rules: readonly number[],
  demands: readonly (readonly Demand[])[],
  used: ReadonlySet<string>,
): string | undefined {
  const counts = new Map<string, { rules: number; values: Set<Value> }>()
  for (const rule of rules) {
    for (const { path, values } of demands[rule]!) {
      const { key } = path
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
