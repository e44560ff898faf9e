import type { RuleInfo, RuleNode } from '../compile/tree.ts'
import type { Group } from './ir.ts'

/** The rule of a group with the keys that come between the group's place and the head's own keys. */
export interface GroupMember {
  readonly info: RuleInfo
  readonly prefix: readonly string[]
}

const NO_KEYS: readonly string[] = []

const NO_READS = {
  input: new Set<string>(),
  data: new Set<string>(),
  builtins: new Set<string>(),
  fixed: false,
}

/** Decides which rules are evaluated together. */
export class GroupTable {
  readonly groups: Group[] = []
  readonly members = new Map<Group, readonly GroupMember[]>()
  readonly #values = new Map<RuleNode, Group | null>()
  readonly #functions = new Map<RuleNode, Group>()

  /** The group of documents at a node: its own rules, together with those beneath it if some have variable keys. */
  document(node: RuleNode): Group | undefined {
    const known = this.#values.get(node)
    if (known !== undefined) return known ?? undefined
    const own = node.rules.filter((rule) => rule.kind !== 'function')
    if (own.length === 0) {
      this.#values.set(node, null)
      return undefined
    }
    const partial = own.some((rule) => rule.dynamic.length > 0)
    const kind = partial ? 'object' : own[0]!.kind === 'set' ? 'set' : 'complete'
    const members = partial ? beneath(node) : own.map((info) => ({ info, prefix: NO_KEYS }))
    const group = this.#add(node, kind, 0, members)
    this.#values.set(node, group)
    return group
  }

  /** The group of a function. */
  function(node: RuleNode): Group {
    const known = this.#functions.get(node)
    if (known !== undefined) return known
    const own = node.rules.filter((rule) => rule.kind === 'function')
    const params = Math.max(0, own[0]!.arity)
    const group = this.#add(
      node,
      'function',
      params,
      own.map((info) => ({ info, prefix: NO_KEYS })),
    )
    this.#functions.set(node, group)
    return group
  }

  #add(
    node: RuleNode,
    kind: Group['kind'],
    params: number,
    members: readonly GroupMember[],
  ): Group {
    const first = members[0]!.info
    const group: Group = {
      id: this.groups.length,
      node,
      path: node.path,
      kind,
      params,
      site: first.module.source.locate(first.start),
      size: 0,
      onDemand: false,
      rules: [],
      fallback: undefined,
      index: undefined,
      lookups: [],
      finders: new Map(),
      oneValue: false,
      hidden: [],
      mock: -1,
      reads: NO_READS,
      memo: true,
    }
    this.groups.push(group)
    this.members.set(group, members)
    return group
  }
}

function beneath(node: RuleNode): GroupMember[] {
  const members: GroupMember[] = []
  const visit = (at: RuleNode, prefix: readonly string[]): void => {
    for (const info of at.rules) if (info.kind !== 'function') members.push({ info, prefix })
    for (const child of at.children.values()) visit(child, [...prefix, child.name])
  }
  visit(node, [])
  return members.sort((a, b) => a.info.id - b.info.id)
}
