import type { Branch, Finder, Group, PlannedRule } from '../plan/ir.ts'
import type { Targets } from '../plan/targets.ts'
import { BlockWriter } from './emit-block.ts'
import { ExprWriter } from './emit-expr.ts'
import type { Constants } from './names.ts'

/** What a rule's function does with a result. */
type Sink = 'return' | 'add' | 'put' | 'found'

/** Writes the functions of groups. */
export class GroupWriter {
  readonly constants: Constants
  readonly #targets: Targets
  readonly #out: string[] = []
  /** The functions of groups that were used, and those that were written. */
  readonly linked = new Set<string>()
  readonly written = new Set<string>()
  #rules = 0

  constructor(constants: Constants, targets: Targets) {
    this.constants = constants
    this.#targets = targets
  }

  /** The functions that others may call. */
  exported(): string[] {
    return [...this.written].filter((name) => /^[fgh]\d/.test(name))
  }

  /** Notes the use of a function. */
  use(name: string): string {
    this.linked.add(name)
    return name
  }

  text(): string {
    return this.#out.join('\n')
  }

  /** Writes a function with its variables declared. */
  function(
    name: string,
    params: readonly string[],
    slots: number,
    write: (block: BlockWriter) => void,
  ): void {
    this.written.add(name)
    const exprs = new ExprWriter(this.constants, this.#targets, this.linked)
    const block = new BlockWriter(exprs)
    write(block)
    const taken = new Set(params)
    const locals = Array.from({ length: slots }, (_, i) => `v${String(i)}`).filter(
      (local) => !taken.has(local),
    )
    for (let i = 0; i < exprs.temporaries; i++) locals.push(`t${String(i)}`)
    const declared = locals.length === 0 ? '' : `let ${locals.join(', ')};`
    this.#out.push(`function ${name}(${params.join(', ')}) {${declared}`, ...block.lines, '}')
  }

  group(group: Group): void {
    if (group.kind === 'function') this.functionGroup(group)
    else if (group.kind === 'complete') this.completeGroup(group)
    else this.partialGroup(group)
  }

  /** Writes a rule of a group whose rules are written when first tried; returns its name. */
  onDemand(group: Group, rule: PlannedRule): string {
    return this.rule(group, rule, this.params(group.params), 'return')
  }

  private params(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `v${String(i)}`)
  }

  /** Writes a rule's function; returns its name. */
  private rule(group: Group, rule: PlannedRule, params: readonly string[], sink: Sink): string {
    const name = `r${String(this.#rules++)}`
    const slots = Math.max(...rule.branches.map((branch) => branch.slots))
    this.function(
      name,
      sink === 'return' || sink === 'found' ? params : [...params, 'out'],
      slots,
      (block) => {
        if (sink === 'return') block.line('let r;')
        rule.branches.forEach((branch, i) => this.branch(block, group, rule, branch, i, sink))
      },
    )
    return name
  }

  private branch(
    block: BlockWriter,
    group: Group,
    rule: PlannedRule,
    branch: Branch,
    at: number,
    sink: Sink,
  ): void {
    const label = `B${String(at)}`
    const value = block.exprs.write(branch.value)
    const loops = branch.block.some(
      (step) =>
        ['each', 'veach', 'solutions'].includes(step.op) || (step.op === 'with' && step.many),
    )
    block.line(`${label}: {`)
    block.write(branch.block, `break ${label};`, () => {
      if (sink === 'found') block.line('return true;')
      else if (sink === 'add') block.line(`out.add(${value});`)
      else if (sink === 'put') {
        const keys = branch.keys.map((key) => block.exprs.write(key)).join(', ')
        block.line(`out.put([${keys}], ${value}, ${String(rule.leaf === 'set')});`)
      } else if (!loops || branch.value.op === 'const') block.line(`return ${value};`)
      else {
        const conflict = group.kind === 'function' ? 'conflictFunction' : 'conflict'
        const site = this.constants.name(rule.site)
        block.line(
          `if (r === undefined) r = ${value}; else if (!same(r, ${value})) S.${conflict}(${site});`,
        )
      }
    })
    block.line('}')
    if (sink === 'return' && loops) block.line('if (r !== undefined) return r;')
  }

  private completeGroup(group: Group): void {
    const id = String(group.id)
    const calls = this.ruleCalls(group, [])
    this.memoized(group, `g${id}`, (block) => {
      block.line('let r;')
      calls(block, [])
    })
  }

  private functionGroup(group: Group): void {
    const params = this.params(group.params)
    const calls = this.ruleCalls(group, params)
    this.function(`f${String(group.id)}`, params, group.params, (block) => {
      block.line('if (--S.fuel < 0) S.refuel();')
      block.line('let r;')
      calls(block, params)
      block.line('return r;')
    })
  }

  /** Writes the rules; returns a function that writes the calls that leave the group's value in `r`. */
  private ruleCalls(
    group: Group,
    params: readonly string[],
  ): (block: BlockWriter, args: readonly string[]) => void {
    const names = group.rules.map((rule) => this.rule(group, rule, params, 'return'))
    const fallback =
      group.fallback === undefined ? undefined : this.rule(group, group.fallback, params, 'return')
    const conflict = group.kind === 'function' ? 'conflictFunction' : 'conflict'
    const list = params.join(', ')
    if (group.index !== undefined) this.indexWalk(group, names, params, conflict)
    return (block) => {
      if (group.index !== undefined) {
        block.line(
          `r = w${String(group.id)}(${[this.constants.name(group.index), 'undefined', ...params].join(', ')});`,
        )
      } else {
        names.forEach((name, i) => {
          if (i === 0) block.line(`r = ${name}(${list});`)
          else if (group.oneValue) block.line(`if (r === undefined) r = ${name}(${list});`)
          else {
            block.line(
              `{ const o = ${name}(${list}); if (o !== undefined) { if (r === undefined) r = o; else if (!same(r, o)) S.${conflict}(${this.constants.name(group.rules[i]!.site)}); } }`,
            )
          }
        })
      }
      if (fallback !== undefined) block.line(`if (r === undefined) r = ${fallback}(${list});`)
    }
  }

  /** Writes the walk through a group's index; rules and expressions are reached by number. */
  private indexWalk(
    group: Group,
    names: readonly string[],
    params: readonly string[],
    conflict: string,
  ): void {
    const id = String(group.id)
    const list = params.join(', ')
    this.indexTables(group, names, params)
    const site = group.onDemand
      ? `LAZY.site(${this.constants.name(group)}, i)`
      : `${this.constants.name(group.rules.map((rule) => rule.site))}[i]`
    const pick = group.onDemand
      ? `(F${id}[i] ??= LAZY.rule(${this.constants.name(group)}, i))`
      : `F${id}[i]`
    const tail = params.length === 0 ? '' : `, ${list}`
    const settle = group.oneValue
      ? 'return o;'
      : `if (r === undefined) r = o; else if (!same(r, o)) S.${conflict}(${site});`
    this.#out.push(
      `function w${id}(n, r${tail}) {`,
      `for (const i of n.rules) { const o = ${pick}(${list}); if (o !== undefined) { ${settle} } }`,
      `for (const x of n.indexes) { const b = x.buckets.get(X${id}[x.lookup](${list})); if (b !== undefined) { r = w${id}(b, r${tail});`,
      group.oneValue ? 'if (r !== undefined) return r;' : '',
      '} }',
      'return r; }',
    )
  }

  private indexTables(group: Group, names: readonly string[], params: readonly string[]): void {
    const id = String(group.id)
    this.#out.push(`const F${id} = [${names.join(', ')}];`)
    const lookups = group.lookups.map((expr, i) => {
      const name = `x${id}_${String(i)}`
      this.function(name, params, params.length, (block) =>
        block.line(`return ${block.exprs.write(expr)};`),
      )
      return name
    })
    this.#out.push(`const X${id} = [${lookups.join(', ')}];`)
  }

  private partialGroup(group: Group): void {
    const isSet = group.kind === 'set'
    const names = group.rules.map((rule) => this.rule(group, rule, [], isSet ? 'add' : 'put'))
    const id = String(group.id)
    if (group.index !== undefined) {
      this.indexTables(group, names, [])
      this.#out.push(
        `function w${id}(n, out) { for (const i of n.rules) F${id}[i](out);`,
        `for (const x of n.indexes) { const b = x.buckets.get(X${id}[x.lookup]()); if (b !== undefined) w${id}(b, out); } }`,
      )
    }
    this.memoized(group, `g${id}`, (block) => {
      block.line(
        `const out = ${isSet ? 'new RSet()' : `new PartialObject(${this.constants.name(group.site)})`};`,
      )
      if (group.index !== undefined) block.line(`w${id}(${this.constants.name(group.index)}, out);`)
      else for (const name of names) block.line(`${name}(out);`)
      block.line(`const r = ${isSet ? 'out' : 'out.finish()'};`)
    })
  }

  /** Writes a function that remembers its result, for the evaluation or permanently. */
  private memoized(group: Group, name: string, write: (block: BlockWriter) => void): void {
    const id = String(group.id)
    const fixed = group.reads.fixed
    this.#out.push(`let n${id} = -1, m${id};`)
    this.function(name, [], 0, (block) => {
      if (group.hidden.length > 0) {
        const hidden = group.hidden.map((target) => `S.flags[${String(target)}] > 0`).join(' || ')
        block.line(`if (${hidden}) return S.base(${this.constants.name(group.path)});`)
      }
      if (fixed) block.line(`if (S.deep === 0) { if (n${id} === 0) return m${id}; }`)
      else block.line(`if (S.scope === null) { if (n${id} === S.generation) return m${id}; }`)
      block.line(`else { const c = S.recall(${id}); if (c !== MISS) return c; }`)
      block.line('if (--S.fuel < 0) S.refuel();')
      write(block)
      if (fixed)
        block.line(`if (S.deep === 0) { n${id} = 0; m${id} = r; } else S.remember(${id}, r);`)
      else
        block.line(
          `if (S.scope === null) { n${id} = S.generation; m${id} = r; } else S.remember(${id}, r);`,
        )
      block.line('return r;')
    })
  }

  /** Writes the function that looks up keys of a partial rule. */
  finder(group: Group, finder: Finder): void {
    const params = this.params(finder.keys)
    const isSet = group.kind === 'set'
    const names = finder.rules.map((rule) =>
      this.rule(group, rule, params, isSet ? 'found' : 'put'),
    )
    const list = params.join(', ')
    this.function(`h${String(finder.id)}`, params, finder.keys, (block) => {
      if (group.hidden.length > 0) {
        const hidden = group.hidden.map((target) => `S.flags[${String(target)}] > 0`).join(' || ')
        const base = params.reduce(
          (inner, param) => `get(${inner}, ${param})`,
          `S.base(${this.constants.name(group.path)})`,
        )
        block.line(`if (${hidden}) return ${base};`)
      }
      block.line('if (--S.fuel < 0) S.refuel();')
      if (isSet) {
        block.line(
          `if (${names.map((name) => `${name}(${list})`).join(' || ') || 'false'}) return v0;`,
        )
        block.line('return undefined;')
        return
      }
      block.line(`const out = new Found(${this.constants.name(group.site)});`)
      for (const name of names) block.line(`${name}(${list}, out);`)
      block.line('return out.finish();')
    })
  }
}
