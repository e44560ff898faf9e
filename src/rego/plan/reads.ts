import type { RefPath } from '../compile/rule-summary.ts'
import type { RuleNode } from '../compile/tree.ts'
import type { Branch, Expr, Group, Reads } from './ir.ts'
import type { Planner } from './planner.ts'
import { walkBranch } from './walk.ts'

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

function emptyReads(): Direct {
  return { input: new Set(), data: new Set(), builtins: new Set(), groups: new Set() }
}

function pointer(path: RefPath): string {
  const end = path.indexOf(null)
  return (end === -1 ? path : path.slice(0, end)).map((key) => `/${escape(String(key))}`).join('')
}

/** The rules, or base documents, that a reference into `data` reads. */
function addData(planner: Planner, path: RefPath, direct: Direct): void {
  let node = planner.tree.root
  for (let i = 0; ; i++) {
    const group = planner.groups.document(node)
    if (group !== undefined) {
      direct.groups.add(group)
      return
    }
    const key = path[i]
    const child = typeof key === 'string' ? node.children.get(key) : undefined
    if (child === undefined) break
    node = child
  }
  if (path.length === node.path.length || path[node.path.length] === null)
    groupsUnder(planner, node, direct.groups)
  direct.data.add(pointer(path))
}

/** What a group's rules read, known without planning them. */
function groupReads(planner: Planner, group: Group): Direct {
  const direct = emptyReads()
  for (const { info } of planner.groups.members.get(group) ?? []) {
    const { summary } = info
    for (const path of summary.input) direct.input.add(pointer(path))
    for (const path of summary.data) addData(planner, path, direct)
    for (const name of summary.changing) direct.builtins.add(name)
    for (const path of summary.functions) {
      const node = planner.tree.root.find(path)
      if (node !== undefined) direct.groups.add(planner.groups.function(node))
    }
  }
  return direct
}

/** What a query's own body reads. */
function entryReads(planner: Planner, entry: Branch): Direct {
  const direct = emptyReads()
  const covered = new Set<Expr>()
  walkBranch(entry, {
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
        direct.data.add(pointer(expr.node.path))
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
  return direct
}

/** What a query reads, including everything that it calls. Fills in the reads of all groups that it reaches. */
export function analyzeReads(planner: Planner, entry: Branch): Reads {
  const order: Group[] = []
  const direct = new Map<Group, Direct>()
  const own = entryReads(planner, entry)
  const stack: { group: Group; done: boolean }[] = [...own.groups].map((group) => ({
    group,
    done: false,
  }))
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { group } = item
    if (item.done) {
      order.push(group)
      continue
    }
    if (direct.has(group)) continue
    const reads = groupReads(planner, group)
    direct.set(group, reads)
    stack.push({ group, done: true })
    for (const next of reads.groups) if (!direct.has(next)) stack.push({ group: next, done: false })
  }
  for (const group of order) group.reads = combine(direct.get(group)!)
  return combine(own)
}

function combine(direct: Direct): Reads {
  const { input, data, builtins } = direct
  const [only, ...others] = direct.groups
  if (only !== undefined && others.length === 0 && input.size + data.size + builtins.size === 0) {
    return only.reads
  }
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

/** Removes paths that are beneath others. */
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
