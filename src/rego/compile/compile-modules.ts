import type { Builtin } from '../builtins/index.ts'
import { RegoError } from '../errors.ts'
import type { RegoErrorItem } from '../errors.ts'
import type { Module, Rule } from '../syntax/ast.ts'
import { parseModuleTolerant, parseRuleAt } from '../syntax/parse-module.ts'
import { AnnotationIndex } from './annotation-index.ts'
import { TypeChecker } from './check-types.ts'
import { checkConflicts } from './conflicts.ts'
import { Diagnostics } from './diagnostics.ts'
import { ModuleNames } from './environment.ts'
import type { CompileContext } from './environment.ts'
import { checkImports } from './imports.ts'
import { lowerRule } from './lower-rule.ts'
import { checkRecursion } from './recursion.ts'
import { Interner, summarize } from './summarize.ts'
import { buildTree } from './tree.ts'
import type { LoweredRule, RuleInfo } from './tree.ts'

export interface ModuleOptions {
  readonly builtins: ReadonlyMap<string, Builtin>
  readonly keepPrint: boolean
  readonly regoVersion: 0 | 1
}

/** Parses all modules, and tells the errors of all. */
function parseModules(
  sources: Readonly<Record<string, string>>,
  regoVersion: 0 | 1,
  keepBodies: boolean,
): Module[] {
  const errors: RegoErrorItem[] = []
  const modules: Module[] = []
  for (const [file, text] of Object.entries(sources)) {
    const outcome = parseModuleTolerant(file, text, regoVersion, keepBodies)
    errors.push(...outcome.errors)
    modules.push(outcome.module)
  }
  if (errors.length > 0) throw new RegoError(errors)
  return modules
}

/** Modules that passed every check, ready to be planned. */
export interface CompiledModules {
  readonly context: CompileContext
}

/** Above this, bodies are read again when they are wanted, for the memory their trees would take. */
const KEPT_TEXT_MAX = 512 * 1024

/**
 * Parses and compiles modules as far as their errors can be known.
 * @throws RegoError with the errors of the first stage that has some.
 */
export function compileModules(
  sources: Readonly<Record<string, string>>,
  options: ModuleOptions,
): CompiledModules {
  const total = Object.values(sources).reduce((sum, text) => sum + text.length, 0)
  const keep = total <= KEPT_TEXT_MAX
  const modules = parseModules(sources, options.regoVersion, keep)
  const diagnostics = new Diagnostics()
  const asts = new Map<RuleInfo, () => Rule>()
  const owners = new Map<RuleInfo, Module>()
  const tree = buildTree(modules, (info, module, rule) => {
    owners.set(info, module)
    asts.set(info, keep ? () => rule : ruleReader(module, rule))
  })
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
  const interner = new Interner()
  const checker = new TypeChecker(tree, diagnostics, keep)
  for (const info of tree.rules) {
    const [ast, moduleNames] = [asts.get(info)!, names.get(owners.get(info)!)!]
    const lowered = lowerRule(context, info, ast(), moduleNames)
    info.summary = summarize(lowered, interner)
    // In large policies, the types of other rules are not known: their bodies are gone.
    if (!keep) checker.rule(info, lowered)
    info.lowered = keep ? () => lowered : again(context, info, ast, moduleNames)
  }
  checkConflicts(tree, diagnostics)
  diagnostics.check()
  checkRecursion(tree, diagnostics)
  diagnostics.check()
  if (keep) for (const info of tree.rules) checker.rule(info)
  diagnostics.check()
  return { context }
}

/** Lowers a rule once more; its errors were told the first time. */
function again(
  context: CompileContext,
  info: RuleInfo,
  ast: () => Rule,
  names: ModuleNames,
): () => LoweredRule {
  return () => lowerRule({ ...context, diagnostics: new Diagnostics() }, info, ast(), names)
}

/** Reads a rule again from the text of its module. */
function ruleReader(module: Module, rule: Rule): () => Rule {
  if (rule.body.length > 0) return () => rule
  const { source, keywords } = module
  const strict = module.regoVersion === 1
  const { start } = rule
  return () => parseRuleAt(source, start, keywords, strict)
}
