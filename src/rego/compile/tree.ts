import type { Annotations } from '../syntax/annotations.ts'
import type { Module, Package, Rule, Term } from '../syntax/ast.ts'
import type { Source } from '../syntax/source.ts'
import type { CoreBranch, Local } from './core.ts'
import { NO_SUMMARY } from './rule-summary.ts'
import type { RuleSummary } from './rule-summary.ts'

/** The compiled bodies of a rule. */
export interface LoweredRule {
  readonly params: readonly Local[]
  readonly branches: readonly CoreBranch[]
}

/** A module without its rules. */
export interface ModuleInfo {
  readonly source: Source
  readonly package: Package
  readonly regoVersion: 0 | 1
}

/** A rule and its place; its bodies may have to be read again. */
export interface RuleInfo {
  readonly id: number
  readonly module: ModuleInfo
  readonly start: number
  /** The number of arguments of a function; -1 for any other rule. */
  readonly arity: number
  readonly headName: string
  readonly annotations: readonly Annotations[]
  /** The longest prefix of constant string keys, from `data` without `data`. */
  readonly ground: readonly string[]
  /** The rest of the head's reference. */
  readonly dynamic: readonly Term[]
  readonly kind: 'value' | 'set' | 'function'
  readonly isDefault: boolean
  /** What matters about the bodies, without reading them. */
  summary: RuleSummary
  /** Returns the bodies of the given rule, in an order in which they can be evaluated. */
  lower: (info: RuleInfo) => LoweredRule
}

/** A place beneath `data` that has rules at or under it. */
export class RuleNode {
  readonly name: string
  readonly parent: RuleNode | undefined
  readonly path: readonly string[]
  readonly children = new Map<string, RuleNode>()
  readonly rules: RuleInfo[] = []
  /** Whether this is a package, or above one. */
  isPackage = false

  constructor(name: string, parent: RuleNode | undefined) {
    this.name = name
    this.parent = parent
    this.path = parent === undefined ? [] : [...parent.path, name]
  }

  child(name: string): RuleNode {
    let node = this.children.get(name)
    if (node === undefined) {
      node = new RuleNode(name, this)
      this.children.set(name, node)
    }
    return node
  }

  /** The node at a path from here, if there is one. */
  find(path: readonly string[]): RuleNode | undefined {
    return path.reduce<RuleNode | undefined>((node, name) => node?.children.get(name), this)
  }

  /** Its name in messages. */
  get label(): string {
    return pathLabel(this.path)
  }
}

/** `data.a.b["c d"]` for a path. */
export function pathLabel(path: readonly string[]): string {
  return path.reduce(
    (label, key) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${label}.${key}` : `${label}[${JSON.stringify(key)}]`,
    'data',
  )
}

function splitHead(module: ModuleInfo, rule: Rule): { ground: string[]; dynamic: readonly Term[] } {
  const ground = [...module.package.path]
  const { ref } = rule.head
  const first = ref[0]
  if (first?.kind === 'var') ground.push(first.name)
  let at = 1
  for (; at < ref.length; at++) {
    const part = ref[at]!
    if (part.kind !== 'string') break
    ground.push(part.value)
  }
  return { ground, dynamic: ref.slice(at) }
}

function kindOf(rule: Rule): RuleInfo['kind'] {
  if (rule.head.args !== undefined) return 'function'
  return rule.head.key === undefined ? 'value' : 'set'
}

/** All rules of all modules by their place. */
export interface RuleTree {
  readonly root: RuleNode
  readonly rules: readonly RuleInfo[]
  /** For each package (by its label), the first names of its rules. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
}

function notLowered(): never {
  throw new Error('internal: rule is not lowered')
}

const NO_ANNOTATIONS: readonly Annotations[] = []
const NO_TERMS: readonly Term[] = []

function ruleInfo(id: number, module: ModuleInfo, rule: Rule, root: RuleNode): RuleInfo {
  const { ground, dynamic } = splitHead(module, rule)
  let node = root
  for (const name of ground) node = node.child(name)
  const first = rule.head.ref[0]
  return {
    id,
    module,
    start: rule.start,
    arity: rule.head.args?.length ?? -1,
    headName: first?.kind === 'var' ? first.name : '',
    annotations: rule.annotations ?? NO_ANNOTATIONS,
    // All rules of a place share its path.
    ground: node.path,
    dynamic: dynamic.length === 0 ? NO_TERMS : dynamic,
    kind: kindOf(rule),
    isDefault: rule.isDefault,
    summary: NO_SUMMARY,
    lower: notLowered,
  }
}

/** Builds the tree of the rules of all modules; `added` is called for each rule. */
export function buildTree(
  modules: readonly Module[],
  added: (info: RuleInfo, module: Module, rule: Rule) => void,
): RuleTree {
  const root = new RuleNode('data', undefined)
  const rules: RuleInfo[] = []
  const names = new Map<string, Set<string>>()
  for (const module of modules) {
    const { source, regoVersion } = module
    const info: ModuleInfo = { source, package: module.package, regoVersion }
    let node = root
    for (const name of module.package.path) {
      node.isPackage = true
      node = node.child(name)
    }
    node.isPackage = true
    const label = node.label
    const packageNames = names.get(label) ?? new Set()
    names.set(label, packageNames)
    for (const rule of module.rules) {
      const made = ruleInfo(rules.length, info, rule, root)
      packageNames.add(made.headName)
      rules.push(made)
      let target = root
      for (const name of made.ground) target = target.child(name)
      target.rules.push(made)
      added(made, module, rule)
    }
  }
  return { root, rules, names }
}
