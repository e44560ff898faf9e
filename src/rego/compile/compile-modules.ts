import type { Builtin } from '../builtins/index.ts'
import { RegoError } from '../errors.ts'
import type { RegoErrorItem } from '../errors.ts'
import type { Module } from '../syntax/ast.ts'
import { parseModuleTolerant } from '../syntax/parse-module.ts'
import { AnnotationIndex } from './annotation-index.ts'
import { checkConflicts } from './conflicts.ts'
import { Diagnostics } from './diagnostics.ts'
import { ModuleNames } from './environment.ts'
import type { CompileContext } from './environment.ts'
import { checkImports } from './imports.ts'
import { lowerRule } from './lower-rule.ts'
import { checkRecursion } from './recursion.ts'
import { buildTree } from './tree.ts'

export interface ModuleOptions {
  readonly builtins: ReadonlyMap<string, Builtin>
  readonly keepPrint: boolean
  readonly regoVersion: 0 | 1
}

/** Modules that passed every check, ready to be planned. */
export interface CompiledModules {
  readonly modules: readonly Module[]
  readonly context: CompileContext
}

/** Parses all modules, and tells the errors of all. */
export function parseModules(
  sources: Readonly<Record<string, string>>,
  regoVersion: 0 | 1,
): Module[] {
  const errors: RegoErrorItem[] = []
  const modules: Module[] = []
  for (const [file, text] of Object.entries(sources)) {
    const outcome = parseModuleTolerant(file, text, regoVersion)
    errors.push(...outcome.errors)
    modules.push(outcome.module)
  }
  if (errors.length > 0) throw new RegoError(errors)
  return modules
}

/**
 * Compiles modules as far as their errors can be known.
 * @throws RegoError with the errors of the first stage that has some.
 */
export function compileModules(
  modules: readonly Module[],
  options: ModuleOptions,
): CompiledModules {
  const diagnostics = new Diagnostics()
  const tree = buildTree(modules)
  const context: CompileContext = {
    tree,
    diagnostics,
    annotations: new AnnotationIndex(modules),
    ...options,
  }
  const names = new Map<Module, ModuleNames>()
  for (const module of modules) {
    checkImports(module, diagnostics)
    names.set(module, new ModuleNames(context, module))
  }
  for (const info of tree.rules) lowerRule(context, info, names.get(info.module)!)
  checkConflicts(tree, diagnostics)
  diagnostics.check()
  checkRecursion(tree, diagnostics)
  diagnostics.check()
  return { modules, context }
}
