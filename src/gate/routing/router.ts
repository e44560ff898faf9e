import type { PatternSegment } from './pattern.ts'

/** Path parameters by name, as they stand in the canonical path (escapes not decoded). */
export type PathParameters = Readonly<Record<string, string>>

/** What a path leads to: a target for each method. */
export interface RouteMatch<T> {
  readonly methods: ReadonlyMap<string, Bound<T>>
  /** The values of the pattern's parameters, in order; {@link bindParameters} names them. */
  readonly values: readonly string[]
}

/** A target, and the names that its pattern gives to the path parameters. */
export interface Bound<T> {
  readonly method: string
  readonly target: T
  readonly names: readonly string[]
}

/** One route to register. */
export interface RouteEntry<T> {
  readonly segments: readonly PatternSegment[]
  readonly methods: readonly string[]
  readonly target: T
}

/** Finds the route of a canonical path. Literal segments win over parameters, and parameters over rest parameters. */
export interface Router<T> {
  /** Routes without parameters: one hash lookup, which also proves that the path is canonical. */
  exact(path: string): RouteMatch<T> | undefined
  find(path: string): RouteMatch<T> | undefined
}

/** Two routes claim the same path and method. */
export class RouteConflictError extends Error {
  /** The later one's position in the list. */
  readonly position: number
  constructor(path: string, method: string, position: number) {
    super(`another route already takes ${method} ${path}`)
    this.name = 'RouteConflictError'
    this.position = position
  }
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  parameter: Node<T> | undefined
  methods: Map<string, Bound<T>> | undefined
  rest: Map<string, Bound<T>> | undefined
}

/** Compiles routes. Throws {@link RouteConflictError} where two claim the same path and method. */
export function createRouter<T>(entries: readonly RouteEntry<T>[]): Router<T> {
  const root = createNode<T>()
  const exact = new Map<string, RouteMatch<T>>()
  for (const [position, entry] of entries.entries()) insert(root, entry, position)
  for (const { segments } of entries) {
    if (segments.some((segment) => segment.kind !== 'literal')) continue
    const path = patternText(segments)
    const match = search(root, path.slice(1).split('/'), 0, [])
    if (match !== undefined) exact.set(path, match)
  }
  return {
    exact: (path) => exact.get(path),
    find: (path) => exact.get(path) ?? search(root, path.slice(1).split('/'), 0, []),
  }
}

function createNode<T>(): Node<T> {
  return { literals: new Map(), parameter: undefined, methods: undefined, rest: undefined }
}

function insert<T>(root: Node<T>, entry: RouteEntry<T>, position: number): void {
  let node = root
  for (const segment of entry.segments) {
    if (segment.kind === 'rest') {
      node.rest ??= new Map()
      addMethods(node.rest, entry, position)
      return
    }
    node = child(node, segment)
  }
  node.methods ??= new Map()
  addMethods(node.methods, entry, position)
}

function child<T>(node: Node<T>, segment: PatternSegment): Node<T> {
  if (segment.kind !== 'literal') return (node.parameter ??= createNode())
  const known = node.literals.get(segment.text)
  if (known !== undefined) return known
  const created = createNode<T>()
  node.literals.set(segment.text, created)
  return created
}

function addMethods<T>(
  methods: Map<string, Bound<T>>,
  entry: RouteEntry<T>,
  position: number,
): void {
  const names = entry.segments.flatMap((segment) =>
    segment.kind === 'literal' ? [] : [segment.name],
  )
  for (const method of entry.methods) {
    if (methods.has(method)) {
      throw new RouteConflictError(patternText(entry.segments), method, position)
    }
    methods.set(method, { method, target: entry.target, names })
  }
}

function search<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  values: readonly string[],
): RouteMatch<T> | undefined {
  const segment = segments[at]
  if (segment === undefined) {
    return node.methods && { methods: node.methods, values }
  }
  const literal = node.literals.get(segment)
  const found = literal && search(literal, segments, at + 1, values)
  if (found !== undefined) return found
  if (segment === '') return undefined
  const nested = node.parameter && search(node.parameter, segments, at + 1, [...values, segment])
  if (nested !== undefined || node.rest === undefined) return nested
  return { methods: node.rest, values: [...values, segments.slice(at).join('/')] }
}

/** Path parameters by name; `undefined` when the pattern has none. */
export function bindParameters(
  names: readonly string[],
  values: readonly string[],
): PathParameters | undefined {
  if (names.length === 0) return undefined
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}

/** The pattern as written in the configuration. */
export function patternText(segments: readonly PatternSegment[]): string {
  return `/${segments
    .map((segment) => {
      if (segment.kind === 'literal') return segment.text
      return segment.kind === 'parameter' ? `{${segment.name}}` : `{${segment.name}...}`
    })
    .join('/')}`
}
