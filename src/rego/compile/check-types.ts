import type { Source } from '../syntax/source.ts'
import { toTermText } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { Callee, CoreLiteral, CoreTerm, Local, RefTerm } from './core.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { LoweredRule, RuleInfo, RuleNode, RuleTree } from './tree.ts'
import { ANY, keysOf, NEVER, overlaps, select, typeOf, union } from './types.ts'
import type { Type } from './types.ts'

const DEPTH_MAX = 60

/** Infers the types of rules and reports what can never succeed. */
export class TypeChecker {
  readonly #tree: RuleTree
  readonly #diagnostics: Diagnostics
  /** If false, nothing is known about other rules. */
  readonly #inferRules: boolean
  readonly #rules = new Map<RuleInfo, Type>()
  #depth = 0

  constructor(tree: RuleTree, diagnostics: Diagnostics, inferRules: boolean) {
    this.#tree = tree
    this.#diagnostics = diagnostics
    this.#inferRules = inferRules
  }

  /** Checks a rule, after those that it depends on; returns the type of its values. */
  rule(info: RuleInfo, lowered: LoweredRule = info.lower(info)): Type {
    const known = this.#rules.get(info)
    if (known !== undefined) return known
    if (this.#depth > DEPTH_MAX) return ANY
    // Rules do not depend on themselves; if one did, it would have any type.
    this.#rules.set(info, ANY)
    this.#depth++
    const types = lowered.branches.map((branch) => {
      const body = new BodyChecker(this, info.module.source, new Map())
      body.check(branch.body)
      return body.infer(branch.value)
    })
    this.#depth--
    const type = union(types)
    this.#rules.set(info, type)
    return type
  }

  report(message: string, source: Source, start: number): void {
    this.#diagnostics.add('types', 'rego_type_error', message, source, start)
  }

  /** The type of a function's result. */
  function(node: RuleNode): Type {
    if (!this.#inferRules) return ANY
    return union(
      node.rules.filter(({ kind }) => kind === 'function').map((info) => this.rule(info)),
    )
  }

  /** The type of a document at the start of a path, and how many keys of the path lead to it. */
  document(path: readonly CoreTerm[]): { type: Type; keys: number } {
    let node: RuleNode = this.#tree.root
    for (let i = 0; this.#inferRules; i++) {
      if (node.rules.some(({ kind }) => kind !== 'function'))
        return { type: this.#nodeType(node), keys: i }
      const key = path[i]
      const child =
        key?.kind === 'const' && typeof key.value === 'string'
          ? node.children.get(key.value)
          : undefined
      if (child === undefined) break
      node = child
    }
    return { type: ANY, keys: path.length }
  }

  #nodeType(node: RuleNode): Type {
    const rules = node.rules.filter(({ kind }) => kind !== 'function')
    if (rules.some(({ dynamic }) => dynamic.length > 0)) {
      return { kind: 'object', properties: [], rest: { key: ANY, value: ANY } }
    }
    const values = union(rules.map((info) => this.rule(info)))
    return rules[0]!.kind === 'set' ? { kind: 'set', of: values } : values
  }
}

class BodyChecker {
  readonly #checker: TypeChecker
  readonly #source: Source
  readonly #types: Map<Local, Type>

  constructor(checker: TypeChecker, source: Source, types: Map<Local, Type>) {
    this.#checker = checker
    this.#source = source
    this.#types = types
  }

  check(body: readonly CoreLiteral[]): void {
    for (const literal of body) this.#literal(literal)
  }

  #literal(literal: CoreLiteral): void {
    const replaced = literal.with.length > 0
    switch (literal.kind) {
      case 'test':
        this.infer(literal.term, literal.start, !replaced)
        break
      case 'unify': {
        const left = this.#side(literal.left, literal.start, !replaced)
        const right = this.#side(literal.right, literal.start, !replaced)
        if (left !== undefined && right !== undefined && !overlaps(left, right) && !replaced) {
          this.#checker.report('match error', this.#source, literal.start)
        }
        this.#bind(literal.left, right ?? ANY)
        this.#bind(literal.right, left ?? ANY)
        break
      }
      case 'call':
        this.#call(literal.callee, literal.args, literal.out, literal.start, !replaced)
        break
      case 'holds':
        new BodyChecker(this.#checker, this.#source, new Map(this.#types)).check(literal.body)
        break
      case 'every':
      default: {
        const domain = this.infer(literal.domain, literal.start, !replaced)
        const inner = new BodyChecker(this.#checker, this.#source, new Map(this.#types))
        if (literal.key !== undefined) inner.#types.set(literal.key, keysOf(domain))
        inner.#types.set(literal.value, select(domain, undefined, ANY) ?? ANY)
        inner.check(literal.body)
      }
    }
  }

  /** The type of one side of an equality; `undefined` while it is not known. */
  #side(term: CoreTerm, start: number, strict: boolean): Type | undefined {
    if (term.kind === 'local' && !this.#types.has(term.local)) return undefined
    return this.infer(term, start, strict)
  }

  #bind(term: CoreTerm, type: Type): void {
    if (term.kind === 'local') {
      if (!this.#types.has(term.local)) this.#types.set(term.local, type)
    } else if (term.kind === 'array') {
      term.items.forEach((item, i) => this.#bind(item, select(type, i, { kind: 'number' }) ?? ANY))
    } else if (term.kind === 'object') {
      for (const [key, value] of term.entries) {
        const known = key.kind === 'const' ? key.value : undefined
        this.#bind(value, select(type, known, ANY) ?? ANY)
      }
    }
  }

  #call(
    callee: Callee,
    args: readonly CoreTerm[],
    out: CoreTerm | undefined,
    start: number,
    strict: boolean,
  ): void {
    const types = args.map((arg) => this.infer(arg, start, strict))
    const isBuiltin = callee.kind === 'builtin'
    const result = isBuiltin ? callee.builtin.result : this.#checker.function(callee.node)
    if (isBuiltin && strict && callee.builtin.variadic !== true) {
      const { name, args: wanted } = callee.builtin
      const given = out === undefined ? undefined : this.#side(out, start, strict)
      const fits =
        wanted.every((type, i) => types[i] === undefined || overlaps(types[i], type)) &&
        (given === undefined || overlaps(given, result))
      if (!fits) this.#checker.report(`${name}: invalid argument(s)`, this.#source, start)
    }
    if (out !== undefined) this.#bind(out, strict ? result : ANY)
  }

  /** The type of a term; `strict` reports references that find nothing. */
  infer(term: CoreTerm, start = term.start, strict = true): Type {
    switch (term.kind) {
      case 'const':
        return typeOf(term.value)
      case 'local':
        return this.#types.get(term.local) ?? ANY
      case 'ref':
        return this.#ref(term, start, strict)
      case 'array':
        return { kind: 'array', items: term.items.map((item) => this.infer(item, start, strict)) }
      case 'set':
        return { kind: 'set', of: union(term.items.map((item) => this.infer(item, start, strict))) }
      case 'object':
        return this.#object(term, start, strict)
      case 'comprehension':
      default: {
        const inner = new BodyChecker(this.#checker, this.#source, new Map(this.#types))
        inner.check(term.body)
        const value = inner.infer(term.value, start, strict)
        if (term.of === 'array') return { kind: 'array', items: [], rest: value }
        if (term.of === 'set') return { kind: 'set', of: value }
        const key = term.key === undefined ? ANY : inner.infer(term.key, start, strict)
        return { kind: 'object', properties: [], rest: { key, value } }
      }
    }
  }

  #object(term: CoreTerm & { kind: 'object' }, start: number, strict: boolean): Type {
    const properties: { key: Value; value: Type }[] = []
    const others: { key: Type; value: Type }[] = []
    for (const [key, item] of term.entries) {
      const value = this.infer(item, start, strict)
      if (key.kind === 'const') properties.push({ key: key.value, value })
      else others.push({ key: this.infer(key, start, strict), value })
    }
    if (others.length === 0) return { kind: 'object', properties }
    const rest = {
      key: union(others.map(({ key }) => key)),
      value: union(others.map(({ value }) => value)),
    }
    return { kind: 'object', properties, rest }
  }

  #ref(term: RefTerm, start: number, strict: boolean): Type {
    let type = ANY
    let from = 0
    if (term.head === 'data') ({ type, keys: from } = this.#checker.document(term.path))
    else if (term.head !== 'input') type = this.#types.get(term.head) ?? ANY
    for (let i = 0; i < term.path.length; i++) {
      const key = term.path[i]!
      if (i < from) {
        this.#bind(key, ANY)
        continue
      }
      const isOpen = key.kind === 'local' && !this.#types.has(key.local)
      const constant = key.kind === 'const' ? key.value : undefined
      const found = select(type, constant, isOpen ? ANY : this.infer(key, start, strict))
      if (found === undefined) {
        if (strict && !isNever(type)) {
          this.#checker.report(`undefined ref: ${refText(term)}`, this.#source, start)
        }
        for (const rest of term.path.slice(i)) this.#bind(rest, ANY)
        return ANY
      }
      this.#bind(key, keysOf(type))
      type = found
    }
    return type
  }
}

function isNever(type: Type): boolean {
  return type === NEVER || (type.kind === 'anyOf' && type.of.length === 0)
}

function refText(term: RefTerm): string {
  const head =
    typeof term.head === 'string' ? term.head : term.head.name === '' ? '__local__' : term.head.name
  return term.path.reduce((text, key) => {
    if (key.kind === 'local') return `${text}[${key.local.name === '' ? '_' : key.local.name}]`
    if (key.kind !== 'const') return `${text}[_]`
    const { value } = key
    return typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value)
      ? `${text}.${value}`
      : `${text}[${toTermText(value)}]`
  }, head)
}
