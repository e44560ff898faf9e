import { BuiltinError } from '../builtins/index.ts'
import type { Builtin, BuiltinContext } from '../builtins/index.ts'
import type { RuleNode } from '../compile/tree.ts'
import { RegoError } from '../errors.ts'
import type { Location } from '../errors.ts'
import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import { PlainNetworks } from './cidr.ts'
import { cancelled, failure } from './failure.ts'
import { getBasePath, setPath } from './get.ts'
import type { Grouped } from './grouped.ts'
import { KeptWalks } from './kept-walks.ts'
import { memberOf } from './operators.ts'
import type { Documents } from './virtual.ts'

/** Stands for "not remembered", because undefined is a result. */
export const MISS: unique symbol = Symbol('miss')
const FUEL = 1 << 20
const INDEXED_MIN = 16

/** The members of an array, as they were in one evaluation; 0 means that they hold for all evaluations. */
interface MemberIndex {
  generation: number
  members: Set<Value> | undefined
}

/** The replacement of a function. */
export type Mock = (...args: readonly Value[]) => Value | undefined

/** Thrown when an asynchronous built-in must be awaited before the evaluation can be repeated. */
export class Suspension extends Error {
  readonly builtin: Builtin
  readonly args: readonly Value[]
  readonly key: string

  constructor(builtin: Builtin, args: readonly Value[], key: string) {
    super('suspended')
    this.name = 'Suspension'
    this.builtin = builtin
    this.args = args
    this.key = key
  }
}

/** The conditions of one evaluation. */
export interface Conditions {
  readonly strictBuiltinErrors: boolean
  readonly steps: number
  readonly signal: AbortSignal | undefined
  /** The results of asynchronous built-ins so far; absent if they are not allowed. */
  readonly awaited: Map<string, Value | undefined> | undefined
  /** A stable name for a call of an asynchronous built-in. */
  readonly callKey: (builtin: Builtin, args: readonly Value[]) => string
}

/** What a `with` changed, to be restored. */
export interface Saved {
  readonly input: Value | undefined
  readonly data: Value | undefined
  readonly scope: Map<number, Value | undefined> | null
  readonly deep: number
  readonly flags: readonly number[] | undefined
  readonly mocks: readonly (Mock | undefined)[]
}

/** The state of evaluation that both back ends share. */
export class Machine {
  input: Value | undefined
  data: Value | undefined
  /** Changes with each evaluation: results remembered under another number are stale. */
  generation = 0
  /** What is remembered within a `with`; null outside. */
  scope: Map<number, Value | undefined> | null = null
  /** How many enclosing `with` modifiers change data or functions. */
  deep = 0
  fuel = FUEL
  flags: number[]
  mocks: (Mock | undefined)[]
  /** How often each coverage point was passed. */
  readonly hits: number[] = []
  readonly context: BuiltinContext
  readonly networks = new PlainNetworks()
  #stepsLeft = 0
  readonly #groups: { generation: number; grouped: Grouped }[] = []
  readonly #scopedGroups = new WeakMap<object, Map<number, Grouped>>()
  readonly #indexed = new WeakMap<object, MemberIndex>()
  readonly #walks = new KeptWalks()
  #conditions: Conditions | undefined
  readonly #targets: readonly (readonly string[])[]

  constructor(
    data: Value | undefined,
    context: BuiltinContext,
    targets: readonly (readonly string[])[],
    mockCount: number,
  ) {
    this.data = data
    this.context = context
    this.#targets = targets
    this.flags = targets.map(() => 0)
    this.mocks = Array.from({ length: mockCount }, () => undefined)
  }

  /** Begins an evaluation. */
  begin(input: Value | undefined, conditions: Conditions): void {
    this.input = input
    this.generation++
    this.#conditions = conditions
    this.#stepsLeft = conditions.steps
    this.fuel = Math.min(FUEL, conditions.steps)
    if (this.context.memo.size > 0) this.context.memo.clear()
    if (conditions.signal?.aborted === true) throw cancelled('caller cancelled query execution')
  }

  /** Restores everything after an evaluation that was interrupted. */
  reset(data: Value | undefined): void {
    this.data = data
    this.scope = null
    this.deep = 0
    this.flags.fill(0)
    this.mocks.fill(undefined)
  }

  /** Called when fuel runs out: adds more, unless the budget of steps is spent or the caller has given up. */
  refuel(): void {
    this.#stepsLeft -= FUEL
    if (this.#stepsLeft <= 0) throw cancelled('step budget exhausted')
    if (this.#conditions?.signal?.aborted === true)
      throw cancelled('caller cancelled query execution')
    this.fuel = Math.min(FUEL, this.#stepsLeft)
  }

  recall(id: number): Value | undefined | typeof MISS {
    const { scope } = this
    if (scope === null) return MISS
    const value = scope.get(id)
    return value === undefined && !scope.has(id) ? MISS : value
  }

  remember(id: number, value: Value | undefined): void {
    this.scope?.set(id, value)
  }

  /** Calls a built-in; a failure is undefined, unless errors are strict. */
  call(builtin: Builtin, args: readonly Value[], site: Location): Value | undefined {
    if (--this.fuel < 0) this.refuel()
    if (builtin.async === true) return this.#callAsync(builtin, args, site)
    try {
      return builtin.call(this.context, args)
    } catch (error) {
      return this.#failed(error, builtin, site)
    }
  }

  #callAsync(builtin: Builtin, args: readonly Value[], site: Location): Value | undefined {
    const awaited = this.#conditions?.awaited
    if (awaited === undefined) {
      // Whatever needs no waiting, such as refusing bad arguments, is done by the built-in itself.
      try {
        return builtin.call(this.context, args)
      } catch (error) {
        return this.#failed(error, builtin, site)
      }
    }
    const key = this.#conditions!.callKey(builtin, args)
    if (!awaited.has(key)) throw new Suspension(builtin, args, key)
    return awaited.get(key)
  }

  #failed(error: unknown, builtin: Builtin, site: Location): undefined {
    if (!(error instanceof BuiltinError)) {
      if (error instanceof RegoError || error instanceof Suspension) throw error
      throw failure(
        'eval_internal_error',
        `${builtin.name}: ${error instanceof Error ? error.message : 'failed'}`,
        site,
      )
    }
    if (this.#conditions?.strictBuiltinErrors !== true) return undefined
    throw failure(error.code, error.message, site)
  }

  /** Remembers what a `with` is about to change, and begins a new scope. */
  enter(): Saved {
    const saved: Saved = {
      input: this.input,
      data: this.data,
      scope: this.scope,
      deep: this.deep,
      flags: this.flags,
      mocks: this.mocks,
    }
    this.scope = new Map()
    return saved
  }

  leave(saved: Saved): void {
    this.input = saved.input
    this.data = saved.data
    this.scope = saved.scope
    this.deep = saved.deep
    this.flags = saved.flags as number[]
    this.mocks = saved.mocks as (Mock | undefined)[]
  }

  changeInput(path: readonly string[], value: Value): void {
    this.input = setPath(this.input, path, value)
  }

  changeData(path: readonly string[], value: Value, target: number): void {
    this.data = setPath(this.data, path, value)
    this.flags = [...this.flags]
    this.flags[target]!++
    this.deep++
  }

  changeMock(mock: number, replacement: Mock): void {
    this.mocks = [...this.mocks]
    this.mocks[mock] = replacement
    this.deep++
  }

  /** Calls a replacement: while it runs, nothing is replaced. */
  mocked(replacement: Mock, args: readonly Value[]): Value | undefined {
    const saved = this.enter()
    this.mocks = saved.mocks.map(() => undefined)
    const value = replacement(...args)
    this.leave(saved)
    return value
  }

  /** The documents that walking places with rules needs. */
  documents(evaluate: (node: RuleNode) => (() => Value | undefined) | undefined): Documents {
    return {
      data: () => this.data,
      hidden: (node) => this.#hides(node),
      defines: (node) => evaluate(node) !== undefined,
      evaluate: (node) => evaluate(node)?.(),
    }
  }

  #hides(node: RuleNode): boolean {
    return this.#targets.some(
      (path, i) =>
        this.flags[i]! > 0 &&
        path.length <= node.path.length &&
        path.every((key, at) => key === node.path[at]),
    )
  }

  /** Whether comprehensions may be computed for more values than needed, which is not allowed if that may fail. */
  get mayGroup(): boolean {
    return this.#conditions?.strictBuiltinErrors !== true
  }

  /** A comprehension's results for all values, if already computed in this evaluation. */
  grouped(id: number): Grouped | undefined {
    if (this.scope !== null) return this.#scopedGroups.get(this.scope)?.get(id)
    const entry = this.#groups[id]
    return entry?.generation === this.generation ? entry.grouped : undefined
  }

  keepGrouped(id: number, grouped: Grouped): Grouped {
    const { scope } = this
    if (scope === null) {
      this.#groups[id] = { generation: this.generation, grouped }
      return grouped
    }
    const groups = this.#scopedGroups.get(scope) ?? new Map<number, Grouped>()
    groups.set(id, grouped)
    this.#scopedGroups.set(scope, groups)
    return grouped
  }

  /**
   * `member in collection`. Large arrays that are searched again get an index: a permanent one for base data, otherwise
   * one for this evaluation, because the host may change its input.
   */
  isMember(member: Value, collection: Value, isBase: boolean): boolean {
    if (!Array.isArray(collection) || collection.length < INDEXED_MIN)
      return memberOf(member, collection)
    if (typeof member === 'object' && member !== null) return memberOf(member, collection)
    const generation = isBase && this.deep === 0 ? 0 : this.generation
    const known = this.#indexed.get(collection)
    if (known === undefined || (known.generation !== 0 && known.generation !== this.generation)) {
      if (known === undefined) this.#indexed.set(collection, { generation, members: undefined })
      else {
        known.generation = generation
        known.members = undefined
      }
      return memberOf(member, collection)
    }
    known.members ??= new Set<Value>(collection as readonly Value[])
    return known.members.has(member)
  }

  /** Calls a built-in that walks a graph; over base data, the results from one place are remembered. */
  walk(builtin: Builtin, args: readonly Value[], site: Location): Value | undefined {
    if (this.deep > 0) return this.call(builtin, args, site)
    return this.#walks.find(builtin.name, args, () => this.call(builtin, args, site))
  }

  /** Like {@link walk}, from one place. */
  walkFrom(builtin: Builtin, graph: Value, start: Value, site: Location): Value | undefined {
    const known = this.deep > 0 ? undefined : this.#walks.from(builtin.name, graph, start)
    return known ?? this.walk(builtin, [graph, new RSet().add(start)], site)
  }

  /** Fails because two results exclude each other. */
  conflict(site: Location): never {
    throw failure('eval_conflict_error', 'complete rules must not produce multiple outputs', site)
  }

  conflictFunction(site: Location): never {
    throw failure(
      'eval_conflict_error',
      'functions must not produce multiple outputs for same inputs',
      site,
    )
  }

  /** The base document at a path. */
  base(path: readonly (string | number)[]): Value | undefined {
    return getBasePath(this.data, path)
  }
}
