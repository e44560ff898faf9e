import { RObj, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'

type Members = Value[] | RSet

/** The results of a comprehension for all values of its outer variables. */
export class Grouped {
  readonly #isSet: boolean
  readonly #scalars = new Map<Value, Members>()
  readonly #others = new RObj()
  readonly #lists: Members[] = []

  constructor(isSet: boolean) {
    this.#isSet = isSet
  }

  add(keys: readonly Value[], value: Value): void {
    let members = this.#find(keys)
    if (members === undefined) {
      members = this.#isSet ? new RSet() : []
      this.#put(keys, members)
    }
    if (Array.isArray(members)) members.push(value)
    else members.add(value)
  }

  /** The result for some values; an empty collection if there is none. */
  get(keys: readonly Value[]): Value {
    return this.#find(keys) ?? (this.#isSet ? new RSet() : [])
  }

  #find(keys: readonly Value[]): Members | undefined {
    const key = keys.length === 1 ? keys[0]! : keys
    if (typeof key !== 'object' || key === null) return this.#scalars.get(key)
    const at = this.#others.get(key)
    return typeof at === 'number' ? this.#lists[at] : undefined
  }

  #put(keys: readonly Value[], members: Members): void {
    const key = keys.length === 1 ? keys[0]! : keys
    if (typeof key !== 'object' || key === null) {
      this.#scalars.set(key, members)
      return
    }
    this.#others.set(key, this.#lists.length)
    this.#lists.push(members)
  }
}
