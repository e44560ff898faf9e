import type { Diagnostics } from './diagnostics.ts'
import type { RuleInfo, RuleNode, RuleTree } from './tree.ts'

/** Reports rules that conflict with each other. */
export function checkConflicts(tree: RuleTree, diagnostics: Diagnostics): void {
  const pending: RuleNode[] = [tree.root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.rules.length > 0) checkNode(node, diagnostics)
    pending.push(...node.children.values())
  }
}

function place(rule: RuleInfo): string {
  const { file, row } = rule.module.source.locate(rule.start)
  return `${file}:${String(row)}`
}

function checkNode(node: RuleNode, diagnostics: Diagnostics): void {
  const { rules } = node
  const first = rules[0]!
  const report = (message: string, rule: RuleInfo): void => {
    diagnostics.add('conflicts', 'rego_type_error', message, rule.module.source, rule.start)
  }
  const kinds = new Set(rules.map((rule) => (rule.kind === 'set' ? 'set' : 'value')))
  const arities = new Set(rules.map((rule) => rule.arity))
  const complete = rules.some((rule) => rule.kind === 'value' && rule.dynamic.length === 0)
  const partial = rules.some((rule) => rule.kind === 'value' && rule.dynamic.length > 0)
  if (kinds.size > 1 || arities.size > 1 || (complete && partial)) {
    report(`conflicting rules ${node.label} found`, first)
    return
  }
  const defaults = rules.filter((rule) => rule.isDefault)
  if (defaults.length > 1) {
    const message = `multiple default rules ${node.label} found at ${defaults.map(place).join(', ')}`
    diagnostics.add(
      'conflicts',
      'rego_type_error',
      message,
      first.module.source,
      first.module.package.start,
    )
  }
  checkChildren(node, report)
}

function checkChildren(node: RuleNode, report: (message: string, rule: RuleInfo) => void): void {
  const ground = node.rules.find((rule) => rule.dynamic.length === 0 && rule.kind !== 'function')
  if (ground === undefined) return
  if (node.isPackage) {
    report(
      `package ${node.path.join('.')} conflicts with rule ${node.label} defined at ${place(ground)}`,
      ground,
    )
    return
  }
  const below: RuleInfo[] = []
  const pending = [...node.children.values()]
  for (let child = pending.pop(); child !== undefined; child = pending.pop()) {
    below.push(...child.rules)
    pending.push(...child.children.values())
  }
  if (below.length === 0) return
  const lines = below.map((rule) => `\n  rule data.${rule.ground.join('.')} at ${place(rule)}`)
  report(`rule ${node.label} conflicts with:${lines.join('')}`, ground)
}
