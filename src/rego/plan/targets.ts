import type { RuleNode } from '../compile/tree.ts'

/** Numbers everything that `with` may replace, so that nothing else has a cost. */
export class Targets {
  readonly data: (readonly string[])[] = []
  readonly #mocks = new Map<string, number>()

  /** The number of a path under `data`. */
  dataTarget(path: readonly string[]): number {
    const known = this.data.findIndex(
      (other) => other.length === path.length && other.every((key, i) => key === path[i]),
    )
    if (known !== -1) return known
    this.data.push(path)
    return this.data.length - 1
  }

  /** The number of a function or built-in. */
  mockTarget(name: string): number {
    let mock = this.#mocks.get(name)
    if (mock === undefined) {
      mock = this.#mocks.size
      this.#mocks.set(name, mock)
    }
    return mock
  }

  /** The number of a function or built-in if something replaces it, otherwise -1. */
  mockOf(name: string): number {
    return this.#mocks.get(name) ?? -1
  }

  get mockCount(): number {
    return this.#mocks.size
  }

  /** The targets at or above a node; when in force, they replace everything at the node. */
  hiding(node: RuleNode): readonly number[] {
    const found: number[] = []
    this.data.forEach((path, target) => {
      if (path.length <= node.path.length && path.every((key, i) => key === node.path[i]))
        found.push(target)
    })
    return found
  }
}
