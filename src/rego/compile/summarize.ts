import { RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { CoreLiteral, CoreTerm, Local, RefTerm } from './core.ts'
import { visitReferences } from './references.ts'
import type { Demand, DemandPath, RefPath, RuleSummary } from './rule-summary.ts'
import type { LoweredRule } from './tree.ts'
import { nestedBodies } from './vars.ts'

const MEMBERS_MAX = 16

/** Keeps one copy of paths that many rules share. */
export class Interner {
  readonly #known = new Map<string, unknown>()

  share<T>(key: string, value: T): T {
    const known = this.#known.get(key)
    if (known !== undefined) return known as T
    this.#known.set(key, value)
    return value
  }
}

/** Summarizes what matters about a rule. */
export function summarize(lowered: LoweredRule, interner: Interner): RuleSummary {
  const input = new Set<RefPath>()
  const data = new Set<RefPath>()
  const functions = new Set<readonly string[]>()
  const changing = new Set<string>()
  for (const branch of lowered.branches) {
    visitReferences(branch.body, {
      ref(ref) {
        if (typeof ref.head !== 'string') return
        const target = ref.head === 'input' ? input : data
        const path = refPath(ref)
        target.add(
          interner.share(
            `r${path.map((key) => `${typeof key}${String(key)}`).join('\u0000')}`,
            path,
          ),
        )
      },
      call(callee) {
        if (callee.kind === 'function') functions.add(callee.path)
        else if (callee.builtin.nondeterministic === true || callee.builtin.async === true)
          changing.add(callee.builtin.name)
      },
    })
  }
  return {
    input: listOf(input),
    data: listOf(data),
    functions: listOf(functions),
    changing: listOf(changing),
    replaces: lowered.branches.some((branch) => replaces(branch.body)),
    value: oneValue(lowered),
    demands: demandsOf(lowered, interner),
  }
}

const NOTHING: readonly never[] = []

/** Most lists are empty, and they all share one. */
const listOf = <T>(items: ReadonlySet<T>): readonly T[] => (items.size === 0 ? NOTHING : [...items])

function refPath(ref: RefTerm): RefPath {
  return ref.path.map((key) => {
    if (key.kind !== 'const') return null
    const { value } = key
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : null
  })
}

function replaces(body: readonly CoreLiteral[]): boolean {
  return body.some(
    (literal) =>
      literal.with.some(({ target }) => target.kind !== 'input') ||
      nestedBodies(literal).some(replaces),
  )
}

function isScalar(value: Value): boolean {
  return typeof value !== 'object' || value === null
}

function oneValue(lowered: LoweredRule): Value | undefined {
  const values = new Set(
    lowered.branches.map(({ value }) =>
      value.kind === 'const' && isScalar(value.value) ? value.value : undefined,
    ),
  )
  return values.size === 1 ? [...values][0] : undefined
}

function demandsOf(lowered: LoweredRule, interner: Interner): readonly Demand[] {
  const [branch] = lowered.branches
  if (branch === undefined || lowered.branches.length > 1) return NOTHING
  const aliases = new Map<Local, RefTerm>()
  const demands: Demand[] = []
  for (const literal of branch.body) {
    if (literal.negated || literal.with.length > 0) continue
    if (literal.kind === 'unify' && literal.left.kind === 'local' && literal.right.kind === 'ref') {
      aliases.set(literal.left.local, literal.right)
    }
    const demand = demandOf(literal, lowered.params, aliases, interner)
    if (demand !== undefined) demands.push(demand)
  }
  return demands.length === 0 ? NOTHING : demands
}

function demandOf(
  literal: CoreLiteral,
  params: readonly Local[],
  aliases: ReadonlyMap<Local, RefTerm>,
  interner: Interner,
): Demand | undefined {
  if (literal.kind === 'unify') {
    return (
      demand(literal.left, scalars(literal.right), params, aliases, interner) ??
      demand(literal.right, scalars(literal.left), params, aliases, interner)
    )
  }
  if (literal.kind !== 'call' || literal.out !== undefined) return undefined
  if (literal.callee.kind !== 'builtin' || literal.callee.builtin.name !== 'internal.member_2')
    return undefined
  return demand(literal.args[0]!, members(literal.args[1]!), params, aliases, interner)
}

function scalars(term: CoreTerm): readonly Value[] | undefined {
  return term.kind === 'const' && isScalar(term.value) ? [term.value] : undefined
}

function members(term: CoreTerm): readonly Value[] | undefined {
  if (term.kind !== 'const') return undefined
  const { value } = term
  const values =
    value instanceof RSet
      ? value.values()
      : Array.isArray(value)
        ? (value as readonly Value[])
        : undefined
  if (values === undefined || values.length === 0 || values.length > MEMBERS_MAX) return undefined
  return values.every(isScalar) ? [...new Set(values)] : undefined
}

function demand(
  term: CoreTerm,
  values: readonly Value[] | undefined,
  params: readonly Local[],
  aliases: ReadonlyMap<Local, RefTerm>,
  interner: Interner,
): Demand | undefined {
  if (values === undefined) return undefined
  if (term.kind === 'local') {
    const alias = aliases.get(term.local)
    const path = pathOf(params.indexOf(term.local), [])
    if (path !== undefined) return { path: interner.share(`p${path.key}`, path), values }
    return alias === undefined ? undefined : demand(alias, values, params, new Map(), interner)
  }
  if (term.kind !== 'ref' || term.head === 'data') return undefined
  const param = term.head === 'input' ? -1 : params.indexOf(term.head)
  const path =
    term.head === 'input' || param !== -1
      ? pathOf(param, term.path, term.head === 'input')
      : undefined
  return path === undefined ? undefined : { path: interner.share(`p${path.key}`, path), values }
}

function pathOf(param: number, path: readonly CoreTerm[], isInput = false): DemandPath | undefined {
  if (param === -1 && !isInput) return undefined
  const keys: Value[] = []
  for (const part of path) {
    if (part.kind !== 'const' || !isScalar(part.value)) return undefined
    keys.push(part.value)
  }
  return { key: `${String(param)}${JSON.stringify(keys)}`, param, keys }
}
