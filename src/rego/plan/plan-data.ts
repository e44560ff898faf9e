import type { CoreTerm } from '../compile/core.ts'
import type { RuleNode } from '../compile/tree.ts'
import type { Expr, Group } from './ir.ts'
import type { BodyPlanner } from './plan-body.ts'
import { unifyWith } from './unify.ts'

/** The value at a path of data: from rules if there are any, otherwise from base documents. */
export function planData(body: BodyPlanner, path: readonly CoreTerm[]): Expr {
  let node: RuleNode = body.planner.tree.root
  for (let i = 0; ; i++) {
    const group = body.planner.groups.document(node)
    if (group !== undefined) return planDocument(body, body.planner.need(group), path, i)
    const key = path[i]
    if (key === undefined) return wholeNode(body, node)
    if (key.kind !== 'const') {
      return node.children.size === 0
        ? body.follow({ op: 'data', path: node.path }, path, i)
        : planVirtual(body, node, path, i)
    }
    const child = typeof key.value === 'string' ? node.children.get(key.value) : undefined
    if (child === undefined) return planBase(body, node, path, i)
    node = child
  }
}

function wholeNode(body: BodyPlanner, node: RuleNode): Expr {
  if (node.children.size === 0 && !node.isPackage) return { op: 'data', path: node.path }
  return { op: 'force', base: { op: 'node', node: body.planner.needNode(node) } }
}

/** Plans the rest of a path that has no more rules, only base documents. */
function planBase(
  body: BodyPlanner,
  node: RuleNode,
  path: readonly CoreTerm[],
  from: number,
): Expr {
  const names: (string | number)[] = [...node.path]
  let at = from
  for (; at < path.length; at++) {
    const key = path[at]!
    if (key.kind !== 'const' || (typeof key.value !== 'string' && typeof key.value !== 'number'))
      break
    names.push(key.value)
  }
  return body.follow({ op: 'data', path: names }, path, at)
}

function planVirtual(
  body: BodyPlanner,
  node: RuleNode,
  path: readonly CoreTerm[],
  from: number,
): Expr {
  let current: Expr = { op: 'node', node: body.planner.needNode(node) }
  for (let i = from; i < path.length; i++) {
    const key = path[i]!
    if (body.isBound(key)) {
      current = body.defined({ op: 'vget', base: current, key: body.value(key) })
      continue
    }
    const value = body.slot()
    const slot = body.slot()
    body.steps.push({ op: 'veach', expr: current, key: slot, value })
    if (key.kind === 'local') body.bind(key.local, slot)
    else unifyWith(body, key, { op: 'slot', slot })
    current = { op: 'slot', slot: value }
  }
  return { op: 'force', base: current }
}

function planDocument(
  body: BodyPlanner,
  group: Group,
  path: readonly CoreTerm[],
  from: number,
): Expr {
  const found =
    group.kind === 'set' || group.kind === 'object' ? planFind(body, group, path, from) : undefined
  if (found !== undefined) return found
  return body.follow({ op: 'rule', group }, path, from)
}

/** Looks up keys of a partial rule without building it, if that saves work. */
function planFind(
  body: BodyPlanner,
  group: Group,
  path: readonly CoreTerm[],
  from: number,
): Expr | undefined {
  let count = 0
  while (from + count < path.length && body.isBound(path[from + count]!)) count++
  if (group.kind === 'set') count = Math.min(count, 1)
  if (count === 0) return undefined
  const keys = path.slice(from, from + count)
  const choice = body.planner.finder(group, keys)
  if (choice === undefined) return undefined
  const used = choice.keys
  const expr: Expr = {
    op: 'find',
    group,
    finder: choice,
    keys: keys.slice(0, used).map((key) => body.value(key)),
  }
  return body.follow(expr, path, from + used)
}
