import type {
  Callee,
  ComprehensionTerm,
  CoreLiteral,
  CoreTerm,
  EveryLiteral,
  Local,
  RefTerm,
} from '../compile/core.ts'
import { visitVars } from '../compile/vars.ts'
import type { Source } from '../syntax/source.ts'
import type { Change, Expr, Step } from './ir.ts'
import type { Planner } from './planner.ts'
import { planGrouping } from './grouping.ts'
import { hoistReads } from './hoist.ts'
import { isBase } from './is-base.ts'
import { isCollection } from './is-collection.ts'
import { planData } from './plan-data.ts'
import { searches } from './searches.ts'
import { unify, unifyWith } from './unify.ts'

/** Plans the bodies of one rule; knows the slots of variables, and which are bound. */
export class BodyPlanner {
  readonly planner: Planner
  readonly source: Source
  /** Whether the order of objects' keys is visible in the result. */
  ordered: boolean
  bound: Map<Local, number>
  steps: Step[] = []
  /** Whether the block is in a loop or a function. */
  repeated = false
  /** Whether comprehensions may be grouped: not inside a group, or nesting would be planned twice at each level. */
  groups = true
  /** Slots that hold parts of the base documents. */
  bases = new Set<number>()
  #slots: { count: number }

  constructor(
    planner: Planner,
    source: Source,
    slots = { count: 0 },
    bound = new Map<Local, number>(),
    ordered = false,
  ) {
    this.planner = planner
    this.source = source
    this.bound = bound
    this.ordered = ordered
    this.#slots = slots
  }

  get slotCount(): number {
    return this.#slots.count
  }

  slot(): number {
    return this.#slots.count++
  }

  bind(local: Local, slot: number): void {
    this.bound.set(local, slot)
  }

  /** Whether what is planned next may run more than once in one evaluation. */
  isRepeated(): boolean {
    return this.repeated || searches(this.steps)
  }

  /** A planner for a block that sees nothing of its surroundings. */
  apart(ordered: boolean): BodyPlanner {
    const apart = new BodyPlanner(this.planner, this.source, this.#slots, new Map(), ordered)
    apart.groups = false
    return apart
  }

  /** A planner for an inner block, which binds nothing outside. */
  inner(ordered: boolean): BodyPlanner {
    const inner = new BodyPlanner(
      this.planner,
      this.source,
      this.#slots,
      new Map(this.bound),
      ordered,
    )
    inner.repeated = this.isRepeated()
    inner.groups = this.groups
    inner.bases = new Set(this.bases)
    return inner
  }

  planBody(body: readonly CoreLiteral[]): void {
    for (const literal of body) this.planLiteral(literal)
  }

  planLiteral(literal: CoreLiteral): void {
    this.planner.coverage?.point(this.source, literal.start, this.steps)
    if (literal.negated) {
      const inner = this.inner(false)
      if (literal.kind === 'holds' && literal.with.length === 0) inner.planBody(literal.body)
      else inner.planWith(literal)
      this.steps.push({ op: 'not', block: inner.steps })
    } else this.planWith(literal)
  }

  private planWith(literal: CoreLiteral): void {
    if (literal.with.length === 0) {
      this.planPlain(literal)
      return
    }
    const changes = literal.with.map((modifier): Change => {
      const { target, value } = modifier
      if (target.kind === 'input')
        return { op: 'input', path: target.path, value: this.operand(value as CoreTerm) }
      if (target.kind === 'data') {
        const number = this.planner.targets.dataTarget(target.path)
        return {
          op: 'data',
          path: target.path,
          value: this.operand(value as CoreTerm),
          target: number,
        }
      }
      const mock = this.planner.targets.mockTarget(target.name)
      if (value.kind === 'builtin') {
        return {
          op: 'mock-builtin',
          mock,
          builtin: value.builtin,
          site: this.source.locate(literal.start),
        }
      }
      if (value.kind === 'function')
        return {
          op: 'mock-function',
          mock,
          group: this.planner.need(this.planner.groups.function(value.node)),
        }
      return { op: 'mock', mock, value: this.operand(value) }
    })
    const inner = this.inner(this.ordered)
    inner.planPlain(literal)
    const outs: number[] = []
    for (const [local, slot] of inner.bound) {
      if (this.bound.has(local)) continue
      outs.push(slot)
      this.bind(local, slot)
    }
    this.steps.push({ op: 'with', changes, block: inner.steps, outs, many: searches(inner.steps) })
  }

  private planPlain(literal: CoreLiteral): void {
    switch (literal.kind) {
      case 'test':
        this.steps.push({ op: 'test', expr: this.value(literal.term) })
        break
      case 'unify':
        unify(this, literal.left, literal.right)
        break
      case 'call':
        this.planCall(literal.callee, literal.args, literal.out, literal.start)
        break
      case 'every':
        this.planEvery(literal)
        break
      case 'holds': {
        const body = this.inner(false)
        body.planBody(literal.body)
        this.steps.push({ op: 'not', block: [{ op: 'not', block: body.steps }] })
        break
      }
    }
  }

  private planCall(
    callee: Callee,
    args: readonly CoreTerm[],
    out: CoreTerm | undefined,
    start: number,
  ): void {
    const operands = args.map((arg) => this.operand(arg))
    const expr = this.callExpr(callee, operands, start)
    if (
      callee.kind === 'builtin' &&
      callee.builtin.relation === true &&
      this.planner.targets.mockOf(callee.builtin.name) === -1
    ) {
      const value = this.slot()
      this.steps.push({ op: 'solutions', expr, value })
      if (out === undefined) this.steps.push({ op: 'test', expr: { op: 'slot', slot: value } })
      else unifyWith(this, out, { op: 'slot', slot: value })
      return
    }
    if (out === undefined) this.steps.push({ op: 'test', expr })
    else unifyWith(this, out, expr)
  }

  private callExpr(callee: Callee, args: readonly Expr[], start: number): Expr {
    if (callee.kind === 'function') {
      return {
        op: 'call',
        group: this.planner.need(this.planner.groups.function(callee.node)),
        args,
      }
    }
    return { op: 'builtin', builtin: callee.builtin, args, site: this.source.locate(start) }
  }

  private planEvery(literal: EveryLiteral): void {
    const domain = this.defined(this.value(literal.domain))
    const outer = this.inner(false)
    const key = literal.key === undefined ? -1 : outer.slot()
    const value = outer.slot()
    if (literal.key !== undefined) outer.bind(literal.key, key)
    outer.bind(literal.value, value)
    outer.steps.push({ op: 'each', expr: domain, key, value, ordered: false })
    const body = outer.inner(false)
    body.planBody(literal.body)
    outer.steps.push({ op: 'not', block: body.steps })
    this.steps.push(
      { op: 'test', expr: isCollection(domain, this.planner) },
      { op: 'not', block: outer.steps },
    )
  }

  /** The value of a term whose variables are bound, except keys of references, which are searched. */
  value(term: CoreTerm): Expr {
    switch (term.kind) {
      case 'const':
        return { op: 'const', value: term.value }
      case 'local': {
        const slot = this.bound.get(term.local)
        if (slot === undefined)
          throw new Error(`internal: ${term.local.name || 'variable'} is not bound`)
        return this.read(slot)
      }
      case 'ref':
        return this.planRef(term)
      case 'array':
      case 'set':
        return { op: term.kind, items: term.items.map((item) => this.operand(item)) }
      case 'object':
        return {
          op: 'object',
          entries: term.entries.map(([k, v]) => [this.operand(k), this.operand(v)] as const),
        }
      case 'comprehension':
      default:
        return this.planComprehension(term)
    }
  }

  /** Like {@link value}, but checked to be defined. */
  operand(term: CoreTerm): Expr {
    return this.defined(this.value(term))
  }

  /** Makes sure that an expression is defined; one that may not be gets a slot. */
  defined(expr: Expr): Expr {
    if (
      expr.op === 'const' ||
      expr.op === 'slot' ||
      expr.op === 'array' ||
      expr.op === 'set' ||
      expr.op === 'object'
    )
      return expr
    return this.read(this.keep(expr))
  }

  /** Gives an expression a slot. */
  keep(expr: Expr): number {
    const slot = this.slot()
    this.steps.push({ op: 'let', slot, expr })
    if (isBase(expr)) this.bases.add(slot)
    return slot
  }

  private read(slot: number): Expr {
    return this.bases.has(slot) ? { op: 'slot', slot, base: true } : { op: 'slot', slot }
  }

  private planComprehension(term: ComprehensionTerm): Expr {
    const grouping = planGrouping(this, term)
    const inner = this.inner(term.of === 'array')
    inner.planBody(term.body)
    const key = term.key === undefined ? undefined : inner.operand(term.key)
    const value = inner.operand(term.value)
    const slot = this.slot()
    this.steps.push({
      op: 'collect',
      slot,
      of: term.of,
      block: hoistReads(inner.steps),
      ...(key !== undefined && { key }),
      value,
      site: this.source.locate(term.start),
      ...(grouping !== undefined && { grouping }),
    })
    return { op: 'slot', slot }
  }

  private planRef(term: RefTerm): Expr {
    if (term.head === 'data') return planData(this, term.path)
    const base: Expr =
      term.head === 'input'
        ? { op: 'input' }
        : this.value({ kind: 'local', local: term.head, start: term.start })
    return this.follow(base, term.path, 0)
  }

  /** Follows keys from a value. */
  follow(base: Expr, path: readonly CoreTerm[], from: number): Expr {
    let current = base
    for (let i = from; i < path.length; i++) current = this.step(current, path[i]!)
    return current
  }

  private step(base: Expr, key: CoreTerm): Expr {
    if (this.isBound(key)) return { op: 'get', base, key: this.value(key) }
    const value = this.slot()
    if (key.kind === 'local') {
      const wildcard = key.local.name === '_'
      const slot = wildcard ? -1 : this.slot()
      this.steps.push({ op: 'each', expr: base, key: slot, value, ordered: this.ordered })
      if (!wildcard) this.bind(key.local, slot)
    } else {
      const slot = this.slot()
      this.steps.push({ op: 'each', expr: base, key: slot, value, ordered: this.ordered })
      unifyWith(this, key, { op: 'slot', slot })
    }
    return { op: 'slot', slot: value }
  }

  isBound(term: CoreTerm): boolean {
    let all = true
    visitVars(term, (local) => {
      if (!this.bound.has(local)) all = false
    })
    if (term.kind === 'comprehension') return true
    return all
  }
}
