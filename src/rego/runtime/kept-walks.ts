import { isArray, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'

const WALKS_MAX = 1024
/** The most members to remember in total, because walks over large parts of a graph take memory. */
const MEMBERS_MAX = 100_000
const STARTS_MAX = 8
const START_CHARACTERS_MAX = 1024

/** The results of walks over one graph, by where they began. The graph never changes. */
export class KeptWalks {
  #graph: Value | undefined
  readonly #found = new Map<string, Value>()
  /** The same, for walks that began at a single place. */
  readonly #fromOne = new Map<string, Map<string, Value>>()
  #members = 0

  /** The remembered result of a walk from the same places, or else the result of `walk`. */
  find(name: string, args: readonly Value[], walk: () => Value | undefined): Value | undefined {
    const [graph, starts] = args
    const key = starts === undefined ? undefined : keyOf(name, starts)
    if (key === undefined) return walk()
    if (graph !== this.#graph) this.#begin(graph)
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const found = walk()
    if (!(found instanceof RSet) || !this.#keep(key, found)) return found
    const start = starts instanceof RSet && starts.size === 1 ? starts.members()[0] : undefined
    if (typeof start === 'string') this.#keepFrom(name, start, found)
    return found
  }

  /** The remembered result of a walk from one place. */
  from(name: string, graph: Value, start: Value): Value | undefined {
    if (graph !== this.#graph || typeof start !== 'string') return undefined
    return this.#fromOne.get(name)?.get(start)
  }

  #begin(graph: Value | undefined): void {
    this.#graph = graph
    this.#found.clear()
    this.#fromOne.clear()
    this.#members = 0
  }

  #keep(key: string, found: RSet): boolean {
    if (this.#found.size >= WALKS_MAX || this.#members + found.size > MEMBERS_MAX)
      this.#begin(this.#graph)
    if (found.size > MEMBERS_MAX) return false
    this.#members += found.size
    this.#found.set(key, found)
    return true
  }

  #keepFrom(name: string, start: string, found: RSet): void {
    const known = this.#fromOne.get(name) ?? new Map<string, Value>()
    this.#fromOne.set(name, known.set(start, found))
  }
}

/** A key for the places where a walk begins, if they are few and all texts. */
function keyOf(name: string, starts: Value): string | undefined {
  const places = starts instanceof RSet ? starts.unordered() : isArray(starts) ? starts : undefined
  if (places === undefined) return undefined
  let key = name
  let count = 0
  for (const place of places) {
    if (typeof place !== 'string' || ++count > STARTS_MAX) return undefined
    key += ` ${place.length}:${place}`
  }
  return key.length > START_CHARACTERS_MAX ? undefined : key
}
