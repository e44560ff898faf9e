import type { Block, Change, Expr, Step } from '../plan/ir.ts'
import type { Value } from '../values/index.ts'
import type { ExprWriter } from './emit-expr.ts'

/** Writes the steps of one function. */
export class BlockWriter {
  readonly lines: string[] = []
  readonly exprs: ExprWriter
  #labels = 0

  constructor(exprs: ExprWriter) {
    this.exprs = exprs
  }

  label(prefix: string): string {
    return `${prefix}${String(this.#labels++)}`
  }

  line(text: string): void {
    this.lines.push(text)
  }

  /** Writes steps; `fail` is the statement for failure, `done` writes what follows success. */
  write(steps: Block, fail: string, done: (fail: string) => void, from = 0): void {
    for (let i = from; i < steps.length; i++) {
      const step = steps[i]!
      const rest = (inner: string): void => this.write(steps, inner, done, i + 1)
      if (step.op === 'each' && this.writeConstantEach(step, steps, i, rest)) return
      if (this.writeSearch(step, fail, rest)) return
      this.writeStep(step, fail)
    }
    done(fail)
  }

  private writeStep(step: Step, fail: string): void {
    switch (step.op) {
      case 'let': {
        const slot = `v${String(step.slot)}`
        this.line(`${slot} = ${this.exprs.write(step.expr)};`)
        if (
          step.expr.op !== 'const' &&
          step.expr.op !== 'slot' &&
          !this.exprs.isBoolean(step.expr)
        ) {
          this.line(`if (${slot} === undefined) ${fail}`)
        }
        break
      }
      case 'test':
        this.writeTest(step, fail)
        break
      case 'equal':
        this.line(`if (!${this.exprs.equality(step.left, step.right)}) ${fail}`)
        break
      case 'is-array': {
        const base = this.exprs.write(step.expr)
        this.line(
          `if (!Array.isArray(${base}) || ${base}.length !== ${String(step.length)}) ${fail}`,
        )
        break
      }
      case 'is-object':
        this.line(`if (!isObjectOf(${this.exprs.write(step.expr)}, ${String(step.size)})) ${fail}`)
        break
      case 'fail':
        this.line(`if (S.fuel > -2) ${fail}`)
        break
      case 'not':
        this.writeNot(step.block, fail)
        break
      case 'collect':
        this.writeCollect(step)
        break
      case 'cover':
        this.line(`S.hits[${String(step.point)}] = (S.hits[${String(step.point)}] ?? 0) + 1;`)
        break
      case 'each':
      case 'solutions':
      case 'veach':
      case 'with':
      default:
        break
    }
  }

  private writeTest(step: Step & { op: 'test' }, fail: string): void {
    const { expr } = step
    if (expr.op === 'const') {
      if (expr.value === false) this.line(`if (S.fuel > -2) ${fail}`)
      return
    }
    const text = this.exprs.write(expr)
    if (this.exprs.isBoolean(expr)) this.line(`if (!${text}) ${fail}`)
    else if (expr.op === 'slot') this.line(`if (${text} === false) ${fail}`)
    else {
      const result = this.exprs.temporary()
      this.line(`${result} = ${text};`)
      this.line(`if (${result} === undefined || ${result} === false) ${fail}`)
    }
  }

  private writeNot(block: Block, fail: string): void {
    const label = this.label('N')
    this.line(`${label}: {`)
    this.write(block, `break ${label};`, () => this.line(fail))
    this.line('}')
  }

  private writeCollect(step: Step & { op: 'collect' }): void {
    const { grouping } = step
    if (grouping === undefined) {
      this.writeComprehension(step)
      return
    }
    const [label, holder] = [this.label('G'), this.label('q')]
    const list = (exprs: readonly Expr[]): string =>
      exprs.map((expr) => this.exprs.write(expr)).join(', ')
    const id = String(grouping.id)
    this.line(`if (S.mayGroup) { let ${holder} = S.grouped(${id}); if (${holder} === undefined) {`)
    this.line(`const c${label} = new Grouped(${String(step.of === 'set')});`)
    this.line(`${label}: {`)
    this.write(grouping.block, `break ${label};`, () => {
      this.line(
        `c${label}.add([${list(grouping.groupKeys)}], ${this.exprs.write(grouping.value)});`,
      )
    })
    this.line(`} ${holder} = S.keepGrouped(${id}, c${label}); }`)
    this.line(`v${String(step.slot)} = ${holder}.get([${list(grouping.keys)}]); } else {`)
    this.writeComprehension(step)
    this.line('}')
  }

  private writeComprehension(step: Step & { op: 'collect' }): void {
    const label = this.label('C')
    const holder = `c${label}`
    const site = this.exprs.constants.name(step.site)
    const create = { array: '[]', set: 'new RSet()', object: `new ObjectBuilder(${site})` }[step.of]
    this.line(`const ${holder} = ${create};`)
    this.line(`${label}: {`)
    this.write(step.block, `break ${label};`, () => {
      const value = this.exprs.write(step.value)
      if (step.of === 'array') this.line(`${holder}.push(${value});`)
      else if (step.of === 'set') this.line(`${holder}.add(${value});`)
      else this.line(`${holder}.put(${this.exprs.write(step.key!)}, ${value});`)
    })
    this.line('}')
    this.line(`v${String(step.slot)} = ${step.of === 'object' ? `${holder}.finish()` : holder};`)
  }

  /** Writes a step that may succeed more than once, with all that follows inside it. */
  private writeSearch(step: Step, fail: string, rest: (fail: string) => void): boolean {
    switch (step.op) {
      case 'each':
        this.writeEach(step, rest)
        return true
      case 'veach':
        this.writeVirtualEach(step, rest)
        return true
      case 'solutions': {
        const label = this.label('L')
        this.line(
          `${label}: for (v${String(step.value)} of ${this.exprs.write(step.expr)} ?? []) {`,
        )
        this.line('if (--S.fuel < 0) S.refuel();')
        rest(`continue ${label};`)
        this.line('}')
        return true
      }
      case 'with':
        return this.writeWith(step, fail, rest)
      case 'collect':
      case 'cover':
      case 'equal':
      case 'fail':
      case 'is-array':
      case 'is-object':
      case 'let':
      case 'not':
      case 'test':
      default:
        return false
    }
  }

  /** Writes a loop over a constant array of the policy, whose type needs no checks. */
  private writeConstantEach(
    step: Step & { op: 'each' },
    steps: Block,
    at: number,
    rest: (fail: string) => void,
  ): boolean {
    const items = constantBefore(step.expr, steps, at)
    if (!Array.isArray(items)) return false
    const label = this.label('L')
    const [list, index] = [`l${label}`, `i${label}`]
    this.line(`const ${list} = ${this.exprs.constants.name(items)};`)
    this.line(`${label}: for (let ${index} = 0; ${index} < ${String(items.length)}; ${index}++) {`)
    this.line('if (--S.fuel < 0) S.refuel();')
    if (step.key !== -1) this.line(`v${String(step.key)} = ${index};`)
    if (step.value !== -1) this.line(`v${String(step.value)} = ${list}[${index}];`)
    rest(`continue ${label};`)
    this.line('}')
    return true
  }

  private writeEach(step: Step & { op: 'each' }, rest: (fail: string) => void): void {
    const label = this.label('L')
    const [base, kind, list, at] = [`b${label}`, `k${label}`, `l${label}`, `i${label}`]
    this.line(
      `const ${base} = ${this.exprs.write(step.expr)}, ${kind} = kindOf(${base}), ${list} = listOf(${base}, ${kind}, ${String(step.ordered)});`,
    )
    this.line(`${label}: for (let ${at} = 0; ${at} < ${list}.length; ${at}++) {`)
    this.line('if (--S.fuel < 0) S.refuel();')
    const item = `${list}[${at}]`
    if (step.key !== -1) {
      this.line(
        `v${String(step.key)} = ${kind} === 1 ? ${at} : ${kind} === 4 ? ${item}[0] : ${item};`,
      )
    }
    if (step.value !== -1) {
      this.line(
        `v${String(step.value)} = ${kind} === 2 ? ${base}[${item}] : ${kind} === 4 ? ${item}[1] : ${item};`,
      )
    }
    rest(`continue ${label};`)
    this.line('}')
  }

  private writeVirtualEach(step: Step & { op: 'veach' }, rest: (fail: string) => void): void {
    const label = this.label('L')
    const entries = `e${label}`
    this.line(`const ${entries} = virtualEntries(D, ${this.exprs.write(step.expr)});`)
    this.line(`${label}: for (const [key, item] of ${entries}) {`)
    this.line('if (--S.fuel < 0) S.refuel();')
    this.line(`v${String(step.key)} = key; v${String(step.value)} = item;`)
    rest(`continue ${label};`)
    this.line('}')
  }

  private writeWith(
    step: Step & { op: 'with' },
    fail: string,
    rest: (fail: string) => void,
  ): boolean {
    const label = this.label('W')
    const [saved, found] = [`s${label}`, `o${label}`]
    this.line(`const ${saved} = S.enter(); let ${found} = ${step.many ? '[]' : 'false'};`)
    for (const change of step.changes) this.line(this.changeText(change))
    this.line(`${label}: {`)
    this.write(step.block, `break ${label};`, () => {
      const outs = step.outs.map((slot) => `v${String(slot)}`).join(', ')
      this.line(step.many ? `${found}.push([${outs}]);` : `${found} = true;`)
    })
    this.line('}')
    this.line(`S.leave(${saved});`)
    if (!step.many) {
      this.line(`if (!${found}) ${fail}`)
      rest(fail)
      return true
    }
    const loop = this.label('L')
    const row = `e${loop}`
    this.line(`${loop}: for (const ${row} of ${found}) {`)
    step.outs.forEach((slot, i) => this.line(`v${String(slot)} = ${row}[${String(i)}];`))
    rest(`continue ${loop};`)
    this.line('}')
    return true
  }

  private changeText(change: Change): string {
    const { constants } = this.exprs
    switch (change.op) {
      case 'input':
        return `S.changeInput(${constants.name(change.path)}, ${this.exprs.write(change.value)});`
      case 'data':
        return `S.changeData(${constants.name(change.path)}, ${this.exprs.write(change.value)}, ${String(change.target)});`
      case 'mock': {
        const value = this.label('m')
        return `const ${value} = ${this.exprs.write(change.value)}; S.changeMock(${String(change.mock)}, () => ${value});`
      }
      case 'mock-builtin': {
        const call = `S.call(${constants.name(change.builtin)}, args, ${constants.name(change.site)})`
        return `S.changeMock(${String(change.mock)}, (...args) => ${call});`
      }
      case 'mock-function':
      default:
        return `S.changeMock(${String(change.mock)}, ${this.exprs.link(`f${String(change.group.id)}`)});`
    }
  }
}

/** The constant that an expression equals, if an earlier step in the same block says so. */
function constantBefore(expr: Expr, steps: Block, at: number): Value | undefined {
  if (expr.op === 'const') return expr.value
  if (expr.op !== 'slot') return undefined
  for (let i = at - 1; i >= 0; i--) {
    const step = steps[i]!
    if (step.op === 'let' && step.slot === expr.slot)
      return step.expr.op === 'const' ? step.expr.value : undefined
  }
  return undefined
}
