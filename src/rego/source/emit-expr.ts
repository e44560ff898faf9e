import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { Expr } from '../plan/ir.ts'
import { isBase, WALKS } from '../plan/is-base.ts'
import type { Targets } from '../plan/targets.ts'
import { readNetwork } from '../runtime/cidr.ts'
import { isSafeProperty } from '../runtime/get.ts'
import { stringLiteral } from './names.ts'
import type { Constants } from './names.ts'

const BOOLEAN = new Set([
  'equal',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'internal.member_2',
  'internal.is_collection',
])
const COMPARISONS: Readonly<Record<string, readonly [string, string]>> = {
  lt: ['<', 'less'],
  lte: ['<=', 'lessEqual'],
  gt: ['>', 'greater'],
  gte: ['>=', 'greaterEqual'],
}
const FAST: Readonly<Record<string, string>> = {
  plus: 'plusFast',
  minus: 'minusFast',
  mul: 'timesFast',
  count: 'countFast',
  'net.cidr_contains': 'S.networks.contains',
}
const MEMBERS_MAX = 4

/** Writes expressions. Temporary variables belong to the function being written. */
export class ExprWriter {
  readonly constants: Constants
  readonly #targets: Targets
  readonly linked: Set<string>
  temporaries = 0

  constructor(constants: Constants, targets: Targets, linked: Set<string>) {
    this.constants = constants
    this.linked = linked
    this.#targets = targets
  }

  temporary(): string {
    return `t${String(this.temporaries++)}`
  }

  write(expr: Expr): string {
    switch (expr.op) {
      case 'const':
        return this.constants.literal(expr.value)
      case 'slot':
        return `v${String(expr.slot)}`
      case 'input':
        return 'S.input'
      case 'data':
        return this.data(expr.path, [])
      case 'get':
        return this.writeGet(expr)
      case 'array':
        return `[${expr.items.map((item) => this.write(item)).join(', ')}]`
      case 'set':
        return `setOf([${expr.items.map((item) => this.write(item)).join(', ')}])`
      case 'object':
        return this.writeObject(expr.entries)
      case 'builtin':
        return this.writeBuiltin(expr)
      case 'call':
        return this.mockable(
          expr.group.mock,
          expr.args,
          `${this.link(`f${String(expr.group.id)}`)}(${this.list(expr.args)})`,
        )
      case 'rule':
        return `${this.link(`g${String(expr.group.id)}`)}()`
      case 'find':
        return `${this.link(`h${String(expr.finder.id)}`)}(${this.list(expr.keys)})`
      case 'node':
        return this.constants.name(expr.node)
      case 'vget':
        return `virtualGet(D, ${this.write(expr.base)}, ${this.write(expr.key)})`
      case 'force':
      default:
        return `virtualForce(D, ${this.write(expr.base)})`
    }
  }

  /** Notes the use of a function of another group. */
  link(name: string): string {
    this.linked.add(name)
    return name
  }

  private list(items: readonly Expr[]): string {
    return items.map((item) => this.write(item)).join(', ')
  }

  private writeObject(entries: readonly (readonly [Expr, Expr])[]): string {
    const plain = entries.every(
      ([key]) => key.op === 'const' && typeof key.value === 'string' && key.value !== '__proto__',
    )
    if (plain) {
      const parts = entries.map(([key, value]) => {
        const name = (key as { value: string }).value
        return name.length > 64
          ? `[${this.constants.name(name)}]: ${this.write(value)}`
          : `${stringLiteral(name)}: ${this.write(value)}`
      })
      return `({ ${parts.join(', ')} })`
    }
    return `objectOf([${entries.map(([key, value]) => `[${this.write(key)}, ${this.write(value)}]`).join(', ')}])`
  }

  private writeGet(expr: Expr & { op: 'get' }): string {
    const names: string[] = []
    let base: Expr = expr
    while (
      base.op === 'get' &&
      base.key.op === 'const' &&
      typeof base.key.value === 'string' &&
      isSafeProperty(base.key.value)
    ) {
      names.unshift(base.key.value)
      base = base.base
    }
    if (names.length === 0) {
      const last = base as Expr & { op: 'get' }
      return last.base.op === 'data'
        ? this.entry(last.base, last.key)
        : `get(${this.write(last.base)}, ${this.write(last.key)})`
    }
    if (base.op === 'data') return this.data(base.path, names)
    if (base.op === 'slot' || base.op === 'input') return this.chain(this.write(base), names)
    const holder = this.temporary()
    return `(${holder} = ${this.write(base)}, ${this.chain(holder, names)})`
  }

  /** Reads an entry of a base document inline, because an engine optimizes each place in the code separately. */
  private entry(base: Expr, key: Expr): string {
    const [object, name, found] = [this.temporary(), this.temporary(), this.temporary()]
    const own = `(${found} = ${object}[${name}]) !== undefined && Object.hasOwn(${object}, ${name}) ? ${found} : undefined`
    const isPlain = `(${name} = ${this.write(key)}, kindOf(${object} = ${this.write(base)}) === 2) && typeof ${name} === 'string'`
    return `(${isPlain} ? (${own}) : get(${object}, ${name}))`
  }

  private data(path: readonly (string | number)[], more: readonly string[]): string {
    const all = [...path, ...more]
    const names = all.filter((key) => typeof key === 'string')
    return names.length === all.length
      ? this.chain('S.data', names)
      : `S.base(${this.constants.name(all)})`
  }

  /** Property reads, with the slow way for values that are not plain JSON. */
  private chain(base: string, path: readonly string[]): string {
    if (path.length === 0) return base
    const slow = this.constants.name(path)
    if (!path.every((name) => isSafeProperty(name) && name.length <= 64))
      return `getPath(${base}, ${slow})`
    const result = this.temporary()
    const reads = path.map((name) => `?.[${stringLiteral(name)}]`).join('')
    return `((${result} = ${base}${reads}) !== undefined ? ${result} : getPath(${base}, ${slow}))`
  }

  private mockable(mock: number, args: readonly Expr[], plain: string): string {
    if (mock === -1) return plain
    const slot = `S.mocks[${String(mock)}]`
    return `(${slot} === undefined ? ${plain} : S.mocked(${slot}, [${this.list(args)}]))`
  }

  /** Whether an expression is `true` or `false`, never undefined. */
  isBoolean(expr: Expr): boolean {
    return (
      expr.op === 'builtin' &&
      BOOLEAN.has(expr.builtin.name) &&
      this.#targets.mockOf(expr.builtin.name) === -1
    )
  }

  private writeBuiltin(expr: Expr & { op: 'builtin' }): string {
    const { builtin, args } = expr
    const { name } = builtin
    const mock = this.#targets.mockOf(name)
    const method = WALKS.has(name) && isBase(args[0]!) ? 'walk' : 'call'
    if (method === 'walk' && args[1]!.op === 'set' && args[1].items.length === 1 && mock === -1) {
      const [graph, start] = [this.write(args[0]!), this.write(args[1].items[0]!)]
      return `S.walkFrom(${this.constants.name(builtin)}, ${graph}, ${start}, ${this.constants.name(expr.site)})`
    }
    const call = `S.${method}(${this.constants.name(builtin)}, [${this.list(args)}], ${this.constants.name(expr.site)})`
    if (mock !== -1) return this.mockable(mock, args, call)
    if (this.isBoolean(expr)) return this.writeBoolean(name, args)
    if (name === 'net.cidr_contains' && args[0]!.op === 'const')
      return this.writeContains(args[0].value, args[1]!, call)
    const fast = Object.hasOwn(FAST, name) ? FAST[name] : undefined
    if (fast === undefined) return call
    const result = this.temporary()
    return `((${result} = ${fast}(${this.list(args)})) !== undefined ? ${result} : ${call})`
  }

  /** Writes a test whether a constant network contains an address. */
  private writeContains(text: Value, address: Expr, call: string): string {
    const network = typeof text === 'string' ? readNetwork(text) : undefined
    if (network === undefined) return call
    const inner = this.temporary()
    const test = `(${inner} & ${String(network.mask)}) === ${String(network.base)}`
    return `((${inner} = S.networks.address(${this.write(address)})) !== -1 ? ${test} : ${call})`
  }

  private writeBoolean(name: string, args: readonly Expr[]): string {
    const [left, right] = [args[0]!, args[1]!]
    if (name === 'internal.is_collection') return `(kindOf(${this.write(left)}) !== 0)`
    if (name === 'internal.member_2') return this.writeMember(left, right)
    if (name === 'equal') return this.equality(left, right)
    if (name === 'neq') return `!${this.equality(left, right)}`
    const [operator, slow] = COMPARISONS[name]!
    const [a, b] = [this.write(left), this.write(right)]
    const numbers = [left, right].filter(
      (side) => side.op === 'const' && typeof side.value === 'number',
    )
    if (numbers.length !== 1) return `${slow}(${a}, ${b})`
    const other = numbers[0] === left ? b : a
    return `(typeof ${other} === 'number' ? ${a} ${operator} ${b} : ${slow}(${a}, ${b}))`
  }

  /** Equality of two expressions, the first of which is defined. */
  equality(left: Expr, right: Expr): string {
    const [a, b] = [this.write(left), this.write(right)]
    if (isScalarConst(left) || isScalarConst(right)) return `(${a} === ${b})`
    return `same(${a}, ${b})`
  }

  private writeMember(member: Expr, collection: Expr): string {
    const item = this.write(member)
    const values = collection.op === 'const' ? membersOf(collection.value) : undefined
    if (values === undefined)
      return `S.isMember(${item}, ${this.write(collection)}, ${String(isBase(collection))})`
    if (values.length <= MEMBERS_MAX && values.every((value) => isScalar(value))) {
      if (values.length === 0) return 'false'
      return `(${values.map((value) => `${item} === ${this.constants.literal(value)}`).join(' || ')})`
    }
    const set =
      collection.op === 'const' && collection.value instanceof RSet
        ? collection.value
        : RSet.from(values)
    return `${this.constants.name(set)}.has(${item})`
  }
}

function membersOf(value: Value): readonly Value[] | undefined {
  if (value instanceof RSet) return value.values()
  return Array.isArray(value) ? (value as readonly Value[]) : undefined
}

function isScalar(value: Value): boolean {
  return typeof value !== 'object' || value === null
}

function isScalarConst(expr: Expr): boolean {
  return expr.op === 'const' && isScalar(expr.value)
}
