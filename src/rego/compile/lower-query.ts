import type { LoweredQuery } from '../plan/program.ts'
import { parseQuery, parseTermText } from '../syntax/parse-module.ts'
import type { CoreLiteral, Local } from './core.ts'
import { Diagnostics } from './diagnostics.ts'
import { ModuleNames, Unit } from './environment.ts'
import type { CompileContext } from './environment.ts'
import { lowerBody } from './lower-body.ts'
import { lowerOperand } from './lower-term.ts'
import { orderBody, reportTo } from './safety.ts'
import { declaredNames, Scope } from './scope.ts'

/**
 * Lowers a query whose variables are wanted.
 * @throws RegoError when it cannot be parsed or a variable of it is unsafe.
 */
export function lowerQuery(base: CompileContext, text: string): LoweredQuery {
  const { body, source } = parseQuery(text, base.regoVersion)
  const context: CompileContext = { ...base, diagnostics: new Diagnostics() }
  const unit = new Unit(context, source, new ModuleNames(context, undefined))
  const hidden = declaredNames(body)
  const scope = new Scope(undefined, hidden)
  const lowered = lowerBody(unit, body, scope)
  const bound = new Set<Local>()
  const ordered = orderBody(reportTo(unit), lowered, bound)
  context.diagnostics.check()
  const variables: [string, Local][] = []
  for (const local of bound) {
    const named = unit.free.get(local.name) === local || hidden.has(local.name)
    if (local.name !== '' && local.name !== '_' && named && !local.name.startsWith('$'))
      variables.push([local.name, local])
  }
  return { source, body: ordered, variables }
}

/**
 * Lowers a term whose value is wanted.
 * @throws RegoError when it cannot be parsed or has variables.
 */
export function lowerValueQuery(base: CompileContext, text: string): LoweredQuery {
  const { term, source } = parseTermText(text)
  const context: CompileContext = { ...base, diagnostics: new Diagnostics() }
  const unit = new Unit(context, source, new ModuleNames(context, undefined))
  const out: CoreLiteral[] = []
  const scope = new Scope(undefined, new Set())
  const value = lowerOperand({ unit, scope, out, with: [], start: term.start, lowerBody }, term)
  const body = orderBody(reportTo(unit), out, new Set())
  context.diagnostics.check()
  for (const local of unit.free.values()) {
    unit.error('safety', 'rego_unsafe_var_error', `var ${local.name} is unsafe`, local.start)
  }
  context.diagnostics.check()
  return { source, body, value, variables: [] }
}
