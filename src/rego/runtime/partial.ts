import { equals, makeObject, RObj, RSet } from '../values/index.ts'
import type { Location } from '../errors.ts'
import type { Value } from '../values/index.ts'
import { failure } from './failure.ts'

function notUnique(site: Location): Error {
  return failure('eval_conflict_error', 'object keys must be unique', site)
}

class Leaf {
  readonly value: Value
  constructor(value: Value) {
    this.value = value
  }
}

class Members {
  readonly set = new RSet()
}

type Entry = Leaf | Members | PartialObject

/** An object under construction, nested as deeply as the heads of its rules say. */
export class PartialObject {
  readonly #site: Location
  readonly #plain = new Map<Value, Entry>()
  #others: { keys: RObj; entries: Entry[] } | undefined

  constructor(site: Location) {
    this.#site = site
  }

  /** Puts a value at a path of keys, or a member into the set there. */
  put(keys: readonly Value[], value: Value, isMember: boolean, from = 0): void {
    const key = keys[from]!
    if (from === keys.length - 1) {
      this.#putLast(key, value, isMember)
      return
    }
    let next = this.#find(key)
    if (next === undefined) {
      next = new PartialObject(this.#site)
      this.#add(key, next)
    } else if (!(next instanceof PartialObject)) throw notUnique(this.#site)
    next.put(keys, value, isMember, from + 1)
  }

  #putLast(key: Value, value: Value, isMember: boolean): void {
    const entry = this.#find(key)
    if (isMember) {
      if (entry === undefined) {
        const members = new Members()
        members.set.add(value)
        this.#add(key, members)
      } else if (entry instanceof Members) entry.set.add(value)
      else throw notUnique(this.#site)
    } else if (entry === undefined) this.#add(key, new Leaf(value))
    else if (!(entry instanceof Leaf) || !equals(entry.value, value)) throw notUnique(this.#site)
  }

  #find(key: Value): Entry | undefined {
    if (typeof key !== 'object' || key === null) return this.#plain.get(key)
    const at = this.#others?.keys.get(key)
    return typeof at === 'number' ? this.#others?.entries[at] : undefined
  }

  #add(key: Value, entry: Entry): void {
    if (typeof key !== 'object' || key === null) {
      this.#plain.set(key === 0 ? 0 : key, entry)
      return
    }
    this.#others ??= { keys: new RObj(), entries: [] }
    this.#others.keys.set(key, this.#others.entries.length)
    this.#others.entries.push(entry)
  }

  /** The finished object. */
  finish(): Value {
    const entries: [Value, Value][] = []
    for (const [key, entry] of this.#plain) entries.push([key, finishEntry(entry)])
    if (this.#others !== undefined) {
      for (const [key, at] of this.#others.keys.unordered())
        entries.push([key, finishEntry(this.#others.entries[at as number]!)])
    }
    return makeObject(entries)
  }
}

function finishEntry(entry: Entry): Value {
  if (entry instanceof Leaf) return entry.value
  return entry instanceof Members ? entry.set : entry.finish()
}

/** What a finder collects: one value, the members of a set, or the rest of an object. */
export class Found {
  readonly #site: Location
  #value: Value | undefined
  #members: RSet | undefined
  #object: PartialObject | undefined

  constructor(site: Location) {
    this.#site = site
  }

  put(keys: readonly Value[], value: Value, isMember: boolean): void {
    if (keys.length > 0) {
      if (this.#value !== undefined || this.#members !== undefined) throw notUnique(this.#site)
      this.#object ??= new PartialObject(this.#site)
      this.#object.put(keys, value, isMember)
    } else if (isMember) {
      if (this.#value !== undefined || this.#object !== undefined) throw notUnique(this.#site)
      this.#members ??= new RSet()
      this.#members.add(value)
    } else {
      if (this.#object !== undefined || this.#members !== undefined) throw notUnique(this.#site)
      if (this.#value !== undefined && !equals(this.#value, value)) throw notUnique(this.#site)
      this.#value = value
    }
  }

  finish(): Value | undefined {
    return this.#value ?? this.#members ?? this.#object?.finish()
  }
}

/** An object comprehension under construction. */
export class ObjectBuilder {
  readonly #object: PartialObject

  constructor(site: Location) {
    this.#object = new PartialObject(site)
  }

  put(key: Value, value: Value): void {
    this.#object.put([key], value, false)
  }

  finish(): Value {
    return this.#object.finish()
  }
}
