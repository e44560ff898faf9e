import type { Module, Rule, Term } from '../syntax/ast.ts'
import type { CoreBranch, Local } from './core.ts'

/** A rule with its module and what the compiler made of it. */
export interface RuleInfo {
  readonly id: number
  readonly module: Module
  readonly rule: Rule
  /** The longest prefix of constant string keys, from `data` without `data`. */
  readonly ground: readonly string[]
  /** The rest of the head's reference. */
  readonly dynamic: readonly Term[]
  readonly kind: 'value' | 'set' | 'function'
  readonly isDefault: boolean
  /** Filled by lowering. */
  params: readonly Local[]
  branches: readonly CoreBranch[]
  localCount: number
}

/** A place beneath `data` at or under which rules stand. */
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

  /** How messages name it. */
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

function splitHead(module: Module, rule: Rule): { ground: string[]; dynamic: readonly Term[] } {
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

/** Builds the tree of the rules of all modules. */
export function buildTree(modules: readonly Module[]): RuleTree {
  const root = new RuleNode('data', undefined)
  const rules: RuleInfo[] = []
  const names = new Map<string, Set<string>>()
  for (const module of modules) {
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
      const first = rule.head.ref[0]
      if (first?.kind === 'var') packageNames.add(first.name)
      const { ground, dynamic } = splitHead(module, rule)
      const info: RuleInfo = {
        id: rules.length,
        module,
        rule,
        ground,
        dynamic,
        kind: kindOf(rule),
        isDefault: rule.isDefault,
        params: [],
        branches: [],
        localCount: 0,
      }
      rules.push(info)
      let target = root
      for (const name of ground) target = target.child(name)
      target.rules.push(info)
    }
  }
  return { root, rules, names }
}
