import type * as ast from '../syntax/ast.ts'
import type { CoreBranch, CoreLiteral, CoreTerm, Local } from './core.ts'
import { Unit } from './environment.ts'
import type { CompileContext, ModuleNames } from './environment.ts'
import { bindPattern, lowerBody } from './lower-body.ts'
import { lowerOperand, lowerTerm } from './lower-term.ts'
import type { Place } from './lower-term.ts'
import { declaredNames, Scope } from './scope.ts'
import { orderBranch } from './safety.ts'
import type { LoweredRule, RuleInfo } from './tree.ts'

/** Lowers one rule, and orders its bodies so that every variable is bound before it is used. */
export function lowerRule(
  context: CompileContext,
  info: RuleInfo,
  rule: ast.Rule,
  names: ModuleNames,
): LoweredRule {
  checkName(context, info)
  const unit = new Unit(context, info.module.source, names)
  unit.metadata = context.annotations.answers(info)
  const params: Local[] = (rule.head.args ?? []).map((arg) => unit.local('', arg.start))
  const branches: CoreBranch[] = []
  for (let branch: ast.Rule | undefined = rule; branch !== undefined; branch = branch.orElse) {
    branches.push(lowerBranch(unit, info, branch, params))
  }
  return { params, branches }
}

function checkName(context: CompileContext, info: RuleInfo): void {
  const name = info.headName
  if (name !== 'input' && name !== 'data') return
  const message = `rules must not shadow ${name} (use a different rule name)`
  context.diagnostics.add('resolve', 'rego_compile_error', message, info.module.source, info.start)
}

function lowerBranch(
  unit: Unit,
  info: RuleInfo,
  rule: ast.Rule,
  params: readonly Local[],
): CoreBranch {
  // An undeclared name in one branch is not the same variable in the next.
  unit.free.clear()
  const args = rule.head.args ?? []
  const hidden = declaredNames(rule.body)
  const scope = new Scope(undefined, new Set([...hidden, ...argNames(args)]))
  const out: CoreLiteral[] = []
  const place: Place = { unit, scope, out, with: [], start: rule.head.start, lowerBody }
  args.forEach((arg, i) => lowerArg(place, arg, params[i]!))
  out.push(...lowerBody(unit, rule.body, scope))
  const keys = rule.head.ref
    .slice(rule.head.ref.length - info.dynamic.length)
    .map((key) => lowerOperand({ ...place, start: key.start }, key))
  const valueTerm = rule.head.key ?? rule.head.value
  const value: CoreTerm =
    valueTerm === undefined
      ? { kind: 'const', value: true, start: rule.start }
      : lowerOperand({ ...place, start: valueTerm.start }, valueTerm)
  const branch: CoreBranch = { body: out, keys, value, start: rule.start }
  orderBranch(unit, branch, new Set(params))
  return branch
}

function argNames(args: readonly ast.Term[]): Set<string> {
  const names = new Set<string>()
  const visit = (term: ast.Term): void => {
    if (term.kind === 'var') names.add(term.name)
    else if (term.kind === 'array') term.items.forEach(visit)
    else if (term.kind === 'object') for (const [, value] of term.entries) visit(value)
    else if (term.kind === 'template')
      for (const part of term.parts) if (typeof part !== 'string') visit(part)
  }
  args.forEach(visit)
  names.delete('input')
  names.delete('data')
  return names
}

function lowerArg(place: Place, arg: ast.Term, param: Local): void {
  const left: CoreTerm = { kind: 'local', local: param, start: arg.start }
  if (arg.kind === 'var' && arg.name !== '_' && place.scope.find(arg.name) === undefined) {
    if (arg.name !== 'input' && arg.name !== 'data') {
      place.scope.declare(arg.name, param, 'arg')
      return
    }
  }
  if (arg.kind === 'var' && arg.name === '_') return
  bindPattern(place, arg)
  const right = lowerTerm({ ...place, start: arg.start }, arg)
  place.out.push({
    kind: 'unify',
    left,
    right,
    compare: false,
    start: arg.start,
    negated: false,
    with: [],
  })
}
