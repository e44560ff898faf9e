import type { RuleNode } from '../compile/tree.ts'
import type { Branch, Expr, Group, Reads } from './ir.ts'
import type { Planner } from './planner.ts'
import { branchesOf, walkBranch } from './walk.ts'

interface Direct {
  readonly input: Set<string>
  readonly data: Set<string>
  readonly builtins: Set<string>
  readonly groups: Set<Group>
}

/** The path an expression reads from `input` or `data`, as long as its keys are constant. */
function pathOf(expr: Expr): { root: 'input' | 'data'; path: string } | undefined {
  if (expr.op === 'input') return { root: 'input', path: '' }
  if (expr.op === 'data')
    return { root: 'data', path: expr.path.map((key) => `/${escape(String(key))}`).join('') }
  if (expr.op !== 'get' || expr.key.op !== 'const' || typeof expr.key.value !== 'string')
    return undefined
  const base = pathOf(expr.base)
  return base === undefined
    ? undefined
    : { root: base.root, path: `${base.path}/${escape(expr.key.value)}` }
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function groupsUnder(planner: Planner, node: RuleNode, into: Set<Group>): void {
  const group = planner.groups.document(node)
  if (group !== undefined) into.add(group)
  else for (const child of node.children.values()) groupsUnder(planner, child, into)
}

function directReads(planner: Planner, branches: readonly Branch[]): Direct {
  const direct: Direct = {
    input: new Set(),
    data: new Set(),
    builtins: new Set(),
    groups: new Set(),
  }
  const covered = new Set<Expr>()
  for (const branch of branches) {
    walkBranch(branch, {
      expr(expr) {
        const path = covered.has(expr) ? undefined : pathOf(expr)
        if (path !== undefined) {
          direct[path.root].add(path.path)
          for (let inner = expr; inner.op === 'get'; inner = inner.base) covered.add(inner.base)
        }
        if (expr.op === 'rule' || expr.op === 'call' || expr.op === 'find')
          direct.groups.add(expr.group)
        else if (expr.op === 'node') {
          groupsUnder(planner, expr.node, direct.groups)
          direct.data.add(expr.node.path.map((key) => `/${escape(key)}`).join(''))
        } else if (
          expr.op === 'builtin' &&
          (expr.builtin.nondeterministic === true || expr.builtin.async === true)
        ) {
          direct.builtins.add(expr.builtin.name)
        }
      },
      step(step) {
        if (step.op !== 'with') return
        for (const change of step.changes) {
          if (change.op === 'mock-function') direct.groups.add(change.group)
          if (change.op === 'mock-builtin' && change.builtin.nondeterministic === true)
            direct.builtins.add(change.builtin.name)
        }
      },
    })
  }
  return direct
}

/** What bodies read, with everything they call. Fills in the reads of all planned groups. */
export function analyzeReads(planner: Planner, entry: Branch): Reads {
  const order: Group[] = []
  const direct = new Map<Group, Direct>()
  const seen = new Set<Group>()
  const entryReads = directReads(planner, [entry])
  const stack: { group: Group; done: boolean }[] = [...entryReads.groups].map((group) => ({
    group,
    done: false,
  }))
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { group } = item
    if (item.done) {
      order.push(group)
      continue
    }
    if (seen.has(group)) continue
    seen.add(group)
    stack.push({ group, done: true })
    const reads = directReads(planner, branchesOf(group))
    direct.set(group, reads)
    for (const next of reads.groups) if (!seen.has(next)) stack.push({ group: next, done: false })
  }
  for (const group of order) group.reads = combine(direct.get(group)!)
  return combine(entryReads)
}

function combine(direct: Direct): Reads {
  const { input, data, builtins } = direct
  for (const group of direct.groups) {
    for (const path of group.reads.input) input.add(path)
    for (const path of group.reads.data) data.add(path)
    for (const name of group.reads.builtins) builtins.add(name)
  }
  return {
    input: shortest(input),
    data: shortest(data),
    builtins,
    fixed: input.size === 0 && builtins.size === 0,
  }
}

/** Leaves out paths beneath others. */
function shortest(paths: ReadonlySet<string>): Set<string> {
  const kept = new Set<string>()
  for (const path of paths) {
    let covered = false
    for (let at = path.lastIndexOf('/'); at >= 0 && !covered; at = path.lastIndexOf('/', at - 1)) {
      covered = paths.has(path.slice(0, at))
      if (at === 0) break
    }
    if (!covered) kept.add(path)
  }
  return kept
}
