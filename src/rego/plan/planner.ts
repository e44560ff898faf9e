import type { Builtin } from '../builtins/index.ts'
import type { CoreBranch, CoreTerm, Local } from '../compile/core.ts'
import { orderBody } from '../compile/safety.ts'
import type { RuleNode, RuleTree } from '../compile/tree.ts'
import type { Location } from '../errors.ts'
import type { Term } from '../syntax/ast.ts'
import { equals } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { CoveragePoints } from './coverage-points.ts'
import { GroupTable } from './groups.ts'
import type { GroupMember } from './groups.ts'
import { planIndex } from './index-rules.ts'
import type { Branch, Expr, Finder, Group, PlannedRule } from './ir.ts'
import { hoistReads } from './hoist.ts'
import { BodyPlanner } from './plan-body.ts'
import { loops } from './searches.ts'
import { Targets } from './targets.ts'

const DEPTH_MAX = 40
const ON_DEMAND_MIN = 256

/** Tells whether `every` can walk a value; not a built-in of the language. */
const IS_COLLECTION: Builtin = {
  name: 'internal.is_collection',
  args: [{ kind: 'any' }],
  result: { kind: 'boolean' },
  call: (_context, args) => typeof args[0] === 'object' && args[0] !== null,
}

/** Plans rules as they are found to be needed. */
export class Planner {
  readonly tree: RuleTree
  readonly groups = new GroupTable()
  readonly targets = new Targets()
  readonly coverage: CoveragePoints | undefined
  readonly needed = new Set<Group>()
  readonly nodes = new Set<RuleNode>()
  readonly isCollection = IS_COLLECTION
  readonly finders: { readonly group: Group; readonly finder: Finder }[] = []
  groupings = 0
  readonly #pending: Group[] = []
  readonly #ordinary = new Map<Group, readonly GroupMember[]>()
  readonly #planned = new Map<GroupMember, PlannedRule>()
  readonly #planning = new Set<Group>()
  readonly #rejected = new Set<string>()
  /** Whether rules may be planned later, because nothing in them can change an earlier plan. */
  readonly #mayWait: boolean
  #depth = 0

  constructor(tree: RuleTree, coverage: CoveragePoints | undefined) {
    this.tree = tree
    this.coverage = coverage
    this.#mayWait = coverage === undefined && !tree.rules.some((rule) => rule.summary.replaces)
  }

  /** Makes sure that a group will be planned. */
  need(group: Group): Group {
    if (!this.needed.has(group)) {
      this.needed.add(group)
      this.#pending.push(group)
    }
    return group
  }

  /** Makes sure that everything beneath a node will be planned. */
  needNode(node: RuleNode): RuleNode {
    if (this.nodes.has(node)) return node
    this.nodes.add(node)
    const group = this.groups.document(node)
    if (group !== undefined) this.need(group)
    else for (const child of node.children.values()) this.needNode(child)
    return node
  }

  /** Plans everything that is needed and not planned yet. */
  finish(): void {
    const planned: Group[] = []
    for (let group = this.#pending.pop(); group !== undefined; group = this.#pending.pop()) {
      this.planGroup(group)
      planned.push(group)
    }
    for (const group of planned) {
      group.hidden = group.kind === 'function' ? [] : this.targets.hiding(group.node)
      group.mock =
        group.kind === 'function' ? this.targets.mockOf(`data.${group.path.join('.')}`) : -1
    }
  }

  private planGroup(group: Group): void {
    this.#planning.add(group)
    const members = this.groups.members.get(group)!
    const isObject = group.kind === 'object'
    const ordinary = this.ordinary(group)
    const fallback = isObject ? undefined : members.find(({ info }) => info.isDefault)
    group.oneValue = !isObject && group.kind !== 'set' && hasOneValue(ordinary)
    const index = planIndex(ordinary)
    group.index = index?.root
    group.lookups = index?.lookups ?? []
    group.size = ordinary.length
    group.onDemand = this.#mayWait && isWorthWaiting(group)
    if (!group.onDemand) group.rules = ordinary.map((member) => this.plannedRule(group, member))
    group.fallback = fallback === undefined ? undefined : this.plannedRule(group, fallback)
    this.#planning.delete(group)
  }

  /** A group's rules without the default; all of them for partial objects. */
  private ordinary(group: Group): readonly GroupMember[] {
    let ordinary = this.#ordinary.get(group)
    if (ordinary === undefined) {
      const members = this.groups.members.get(group)!
      ordinary = group.kind === 'object' ? members : members.filter(({ info }) => !info.isDefault)
      this.#ordinary.set(group, ordinary)
    }
    return ordinary
  }

  /** Plans one rule of a group whose rules are planned on demand. */
  planOnDemand(group: Group, at: number): PlannedRule {
    const rule = this.planRule(group, this.ordinary(group)[at]!, [])
    this.finish()
    return rule
  }

  /** Where a rule of a group is. */
  siteOf(group: Group, at: number): Location {
    const { info } = this.ordinary(group)[at]!
    return info.module.source.locate(info.start)
  }

  private plannedRule(group: Group, member: GroupMember): PlannedRule {
    let rule = this.#planned.get(member)
    if (rule === undefined) {
      rule = this.planRule(group, member, [])
      this.#planned.set(member, rule)
    }
    return rule
  }

  /** Plans a rule; `keys` are locals bound from outside to the first keys (or the element) of the head. */
  private planRule(group: Group, member: GroupMember, keys: readonly CoreTerm[]): PlannedRule {
    const { info } = member
    const lowered = info.lower(info)
    const branches = lowered.branches.map((branch) =>
      this.planBranch(group, member, lowered.params, branch, keys),
    )
    return {
      branches,
      leaf: info.kind === 'set' ? 'set' : 'value',
      site: info.module.source.locate(info.start),
      id: info.id,
    }
  }

  private planBranch(
    group: Group,
    member: GroupMember,
    params: readonly Local[],
    branch: CoreBranch,
    given: readonly CoreTerm[],
  ): Branch {
    const { info, prefix } = member
    const body = new BodyPlanner(this, info.module.source)
    for (const param of params) body.bind(param, body.slot())
    body.repeated = group.kind === 'function'
    this.coverage?.point(info.module.source, branch.start, body.steps)
    const { start } = info
    const headKeys: CoreTerm[] = [
      ...prefix.map((value): CoreTerm => ({ kind: 'const', value, start })),
      ...branch.keys,
    ]
    if (given.length === 0) body.planBody(branch.body)
    else
      this.planGiven(
        body,
        params,
        branch,
        group.kind === 'set' ? [branch.value] : headKeys,
        given.length,
      )
    const keys: Expr[] =
      group.kind === 'object' ? headKeys.slice(given.length).map((key) => body.operand(key)) : []
    const value = body.operand(branch.value)
    return { block: hoistReads(body.steps), value, keys, slots: body.slotCount }
  }

  /** Plans a body some of whose results are given: they are bound first, and the body is reordered. */
  private planGiven(
    body: BodyPlanner,
    params: readonly Local[],
    branch: CoreBranch,
    heads: readonly CoreTerm[],
    count: number,
  ): void {
    const bound = new Set<Local>(params)
    const locals = Array.from({ length: count }, (_, i): Local => ({
      id: -1 - i,
      name: '',
      start: branch.start,
    }))
    for (const local of locals) {
      body.bind(local, body.slot())
      bound.add(local)
    }
    const unifications = locals.map(
      (local, i) =>
        ({
          kind: 'unify',
          left: { kind: 'local', local, start: branch.start },
          right: heads[i]!,
          compare: false,
          start: branch.start,
          negated: false,
          with: [],
        }) as const,
    )
    body.planBody(orderBody(() => undefined, [...unifications, ...branch.body], bound))
  }

  /** A way to look up keys of a partial rule, if it saves work; its `keys` says how many it takes. */
  finder(group: Group, keys: readonly CoreTerm[]): Finder | undefined {
    const members = this.groups.members.get(group)!
    const constants = keys.map((key) =>
      key.kind === 'const' && typeof key.value !== 'object' ? JSON.stringify(key.value) : '*',
    )
    const cacheKey = `${String(group.id)}:${constants.join(',')}`
    const known = group.finders.get(cacheKey)
    if (known !== undefined) return known
    if (this.#rejected.has(cacheKey) || this.#depth > DEPTH_MAX) return undefined
    const candidates = members.filter(
      (member) => !member.info.isDefault && matches(member, group, keys),
    )
    const count = Math.min(
      keys.length,
      ...candidates.map((member) => (group.kind === 'set' ? 1 : lengthOf(member))),
    )
    this.#depth++
    const bare = keys.slice(0, count)
    const rules = candidates.map((member) => this.planRule(group, member, bare))
    const fewer = candidates.length < members.length
    const saves = rules.some(
      (rule, i) => loopsOf(rule) < loopsOf(this.plannedRule(group, candidates[i]!)),
    )
    const costs = rules.some(
      (rule, i) => loopsOf(rule) > loopsOf(this.plannedRule(group, candidates[i]!)),
    )
    this.#depth--
    if (!this.#planning.has(group) && (costs || (!saves && !fewer))) {
      this.#rejected.add(cacheKey)
      return undefined
    }
    const finder: Finder = { id: this.finders.length, keys: count, rules }
    this.finders.push({ group, finder })
    group.finders.set(cacheKey, finder)
    return finder
  }
}

/** Whether a group is large, and its index leaves few rules to try at a time. */
function isWorthWaiting(group: Group): boolean {
  if (group.kind !== 'complete' && group.kind !== 'function') return false
  return (
    group.size >= ON_DEMAND_MIN &&
    group.index !== undefined &&
    group.index.rules.length * 4 < group.size
  )
}

function lengthOf(member: GroupMember): number {
  return member.prefix.length + member.info.dynamic.length
}

function matches(member: GroupMember, group: Group, keys: readonly CoreTerm[]): boolean {
  if (group.kind === 'set') return true
  const { prefix, info } = member
  return keys.every((key, i) => {
    if (key.kind !== 'const') return true
    if (i < prefix.length) return key.value === prefix[i]
    const head = info.dynamic[i - prefix.length]
    const value = head === undefined ? undefined : constantOf(head)
    return value === undefined || equals(value, key.value)
  })
}

function loopsOf(rule: PlannedRule): number {
  return rule.branches.reduce((sum, branch) => sum + loops(branch.block), 0)
}

/** Whether all rules of a group give the same scalar. */
function hasOneValue(members: readonly GroupMember[]): boolean {
  const first = members[0]?.info.summary.value
  return first !== undefined && members.every(({ info }) => info.summary.value === first)
}

function constantOf(term: Term): Value | undefined {
  switch (term.kind) {
    case 'string':
    case 'boolean':
    case 'number':
      return term.value
    case 'null':
      return null
    case 'array':
    case 'call':
    case 'comprehension':
    case 'object':
    case 'ref':
    case 'set':
    case 'template':
    case 'var':
    default:
      return undefined
  }
}
