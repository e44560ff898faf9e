import { toTermText } from '../values/index.ts'
import type { RNumber } from '../values/index.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { RefPath } from './rule-summary.ts'
import { pathLabel } from './tree.ts'
import type { RuleInfo, RuleNode, RuleTree } from './tree.ts'

/** Rules of one place whose heads have the same shape, treated as one vertex of the dependency graph. */
interface Vertex {
  readonly rules: RuleInfo[]
  readonly label: string
  /** The constant keys after the ground prefix; `undefined` where any key may be. */
  readonly shape: readonly unknown[]
  edges: Set<Vertex>
  order: number
  low: number
  onStack: boolean
}

/** Reports rules that depend on themselves. */
export function checkRecursion(tree: RuleTree, diagnostics: Diagnostics): void {
  const vertices = makeVertices(tree)
  for (const vertex of vertices.all) {
    for (const rule of vertex.rules) addEdges(tree, vertices.byNode, vertex, rule)
  }
  for (const component of components(vertices.all)) {
    for (const vertex of component) {
      const path = cycle(vertex, new Set(component))
      if (path === undefined) continue
      for (const rule of vertex.rules) {
        const message = `rule ${vertex.label} is recursive: ${path.map(({ label }) => label).join(' -> ')}`
        diagnostics.add(
          'recursion',
          'rego_recursion_error',
          message,
          rule.module.source,
          rule.start,
        )
      }
    }
  }
}

function shapeOf(rule: RuleInfo): readonly (string | RNumber | undefined)[] {
  return rule.dynamic.map((key) =>
    key.kind === 'number' || key.kind === 'string' ? key.value : undefined,
  )
}

function headLabel(rule: RuleInfo): string {
  return rule.dynamic.reduce((label, key) => {
    if (key.kind === 'string') return `${label}.${key.value}`
    return `${label}[${key.kind === 'var' ? key.name : rule.module.source.text.slice(key.start, key.end)}]`
  }, pathLabel(rule.ground))
}

function makeVertices(tree: RuleTree): { all: Vertex[]; byNode: Map<RuleNode, Vertex[]> } {
  const all: Vertex[] = []
  const byNode = new Map<RuleNode, Vertex[]>()
  const pending: RuleNode[] = [tree.root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const shapes = new Map<string, Vertex>()
    for (const rule of node.rules) {
      const shape = shapeOf(rule)
      const key = toTermText(shape.map((part) => part ?? null))
      let vertex = shapes.get(key)
      if (vertex === undefined) {
        vertex = {
          rules: [],
          label: headLabel(rule),
          shape,
          edges: new Set(),
          order: -1,
          low: 0,
          onStack: false,
        }
        shapes.set(key, vertex)
        all.push(vertex)
      }
      vertex.rules.push(rule)
    }
    if (shapes.size > 0) byNode.set(node, [...shapes.values()])
    pending.push(...node.children.values())
  }
  return { all, byNode }
}

function addEdges(
  tree: RuleTree,
  byNode: Map<RuleNode, Vertex[]>,
  vertex: Vertex,
  rule: RuleInfo,
): void {
  for (const path of rule.summary.data) collect(byNode, tree.root, path, 0, vertex.edges)
  for (const path of rule.summary.functions) {
    const node = tree.root.find(path)
    for (const target of node === undefined ? [] : (byNode.get(node) ?? []))
      vertex.edges.add(target)
  }
}

function compatible(shape: readonly unknown[], path: RefPath, from: number): boolean {
  return shape.every((part, i) => {
    const key = path[from + i]
    return part === undefined || key === undefined || key === null || key === part
  })
}

function collect(
  byNode: Map<RuleNode, Vertex[]>,
  node: RuleNode,
  path: RefPath,
  at: number,
  into: Set<Vertex>,
): void {
  for (const vertex of byNode.get(node) ?? []) {
    if (vertex.rules[0]!.kind !== 'function' && compatible(vertex.shape, path, at)) into.add(vertex)
  }
  const key = path[at]
  if (key === undefined || key === null) {
    for (const child of node.children.values()) collect(byNode, child, path, at + 1, into)
    return
  }
  const child = typeof key === 'string' ? node.children.get(key) : undefined
  if (child !== undefined) collect(byNode, child, path, at + 1, into)
}

/** Tarjan's strongly connected components, without recursion. */
function components(vertices: readonly Vertex[]): Vertex[][] {
  const found: Vertex[][] = []
  const stack: Vertex[] = []
  let order = 0
  const enter = (vertex: Vertex): { vertex: Vertex; edges: Iterator<Vertex> } => {
    vertex.order = order
    vertex.low = order++
    vertex.onStack = true
    stack.push(vertex)
    return { vertex, edges: vertex.edges.values() }
  }
  for (const start of vertices) {
    if (start.order !== -1) continue
    const frames = [enter(start)]
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const next = frame.edges.next()
      if (next.done === true) {
        frames.pop()
        const parent = frames.at(-1)?.vertex
        if (parent !== undefined) parent.low = Math.min(parent.low, frame.vertex.low)
        if (frame.vertex.low === frame.vertex.order) found.push(popComponent(stack, frame.vertex))
      } else if (next.value.order === -1) frames.push(enter(next.value))
      else if (next.value.onStack) frame.vertex.low = Math.min(frame.vertex.low, next.value.order)
    }
  }
  return found
}

function popComponent(stack: Vertex[], root: Vertex): Vertex[] {
  const component: Vertex[] = []
  for (let vertex = stack.pop(); vertex !== undefined; vertex = stack.pop()) {
    vertex.onStack = false
    component.push(vertex)
    if (vertex === root) break
  }
  return component
}

/** The shortest path from a vertex back to itself within its component. */
function cycle(start: Vertex, within: ReadonlySet<Vertex>): Vertex[] | undefined {
  const cameFrom = new Map<Vertex, Vertex>()
  const queue: Vertex[] = [start]
  for (let i = 0; i < queue.length; i++) {
    const vertex = queue[i]!
    for (const next of vertex.edges) {
      if (next === start) return unwind(start, vertex, cameFrom)
      if (!within.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, vertex)
      queue.push(next)
    }
  }
  return undefined
}

function unwind(start: Vertex, last: Vertex, cameFrom: ReadonlyMap<Vertex, Vertex>): Vertex[] {
  const path = [start]
  for (
    let vertex: Vertex | undefined = last;
    vertex !== undefined && vertex !== start;
    vertex = cameFrom.get(vertex)
  ) {
    path.unshift(vertex)
  }
  path.unshift(start)
  return path
}
