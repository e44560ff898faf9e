import { isArray, isObject, objectGet, RSet, sortedEntries } from '../values/index.ts'
import type { PlainObject, RObj, Value } from '../values/index.ts'
import { collectionOperand, objectOperand } from './operands.ts'
import type { BuiltinCall } from './types.ts'

type Graph = PlainObject | RObj

function neighbors(edges: Value): readonly Value[] {
  if (isArray(edges)) return edges
  return edges instanceof RSet ? edges.values() : []
}

function reachable(graph: Graph, initial: readonly Value[]): RSet {
  const reached = new RSet()
  const pending = [...initial]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (reached.has(node)) continue
    const edges = objectGet(graph, node)
    if (edges === undefined) continue
    reached.add(node)
    for (const neighbor of neighbors(edges)) if (!reached.has(neighbor)) pending.push(neighbor)
  }
  return reached
}

/** Follows every path from `node` until it ends, leaves the graph, or would meet itself again. */
function collectPaths(
  graph: Graph,
  node: Value,
  path: readonly Value[],
  visited: RSet,
  found: RSet,
): void {
  const edges = objectGet(graph, node)
  if (edges === undefined) {
    found.add(path)
    return
  }
  const here = [...path, node]
  const next = neighbors(edges)
  if (next.length === 0) found.add(here)
  const seen = RSet.from(visited.unordered()).add(node)
  for (const neighbor of next) {
    if (seen.has(neighbor)) found.add(here)
    else collectPaths(graph, neighbor, here, seen, found)
  }
}

function reachablePaths(graph: Graph, initial: readonly Value[]): RSet {
  const found = new RSet()
  for (const node of initial) {
    const edges = objectGet(graph, node)
    if (edges === undefined) continue
    const next = neighbors(edges)
    if (next.length === 0) found.add([node])
    for (const neighbor of next) collectPaths(graph, neighbor, [node], new RSet().add(node), found)
  }
  return found
}

/** Every `[path, value]` of a value, beginning with the value itself. */
function walk(root: Value): Value[] {
  const found: Value[] = []
  const visit = (path: readonly Value[], value: Value): void => {
    found.push([path, value])
    if (isArray(value)) value.forEach((item, i) => visit([...path, i], item))
    else if (value instanceof RSet) for (const member of value) visit([...path, member], member)
    else if (isObject(value))
      for (const [key, item] of sortedEntries(value)) visit([...path, key], item)
  }
  visit([], root)
  return found
}

/** Graph searches, and the walk over a document. */
export const GRAPHS: Readonly<Record<string, BuiltinCall>> = {
  'graph.reachable': (_, args) =>
    reachable(objectOperand(args, 0), collectionOperand(args, 1, '{array, set}')),
  'graph.reachable_paths': (_, args) =>
    reachablePaths(objectOperand(args, 0), collectionOperand(args, 1, '{array, set}')),
  walk: (_, args) => walk(args[0]!),
}
