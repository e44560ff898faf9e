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

/** Parses all modules, and reports the errors of all. */
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

/** In larger policies, bodies are parsed again when needed, to save the memory of their trees. */
const KEPT_TEXT_MAX = 512 * 1024

/**
 * Parses and compiles modules far enough to know all their errors.
 * @throws RegoError with the errors of the first stage that has any.
 */
export function compileModules(
  sources: Readonly<Record<string, string>>,
  options: ModuleOptions,
): CompiledModules {
  const total = Object.values(sources).reduce((sum, text) => sum + text.length, 0)
  const keep = total <= KEPT_TEXT_MAX
  const modules = parseModules(sources, options.regoVersion, keep)
  const diagnostics = new Diagnostics()
  const rules: Rule[] = []
  const owners: Module[] = []
  const tree = buildTree(modules, (_info, module, rule) => {
    owners.push(module)
    rules.push(rule)
  })
  const context: CompileContext = {
    tree,
    diagnostics,
    annotations: new AnnotationIndex(modules),
    ...options,
  }
  const readers = new Map<Module, RuleReader>()
  for (const module of modules) {
    checkImports(module, diagnostics)
    readers.set(module, readerOf(context, module))
  }
  const interner = new Interner()
  const checker = new TypeChecker(tree, diagnostics, keep)
  for (const [at, info] of tree.rules.entries()) {
    const [rule, reader] = [rules[at]!, readers.get(owners[at]!)!]
    const isWhole = keep || rule.body.length > 0
    const ast = isWhole ? rule : reader.read(info)
    const lowered = lowerRule(context, info, ast, reader.names)
    info.summary = summarize(lowered, interner)
    // In large policies, the types of other rules are unknown, because their bodies are not kept.
    if (!keep) checker.rule(info, lowered)
    info.lower = keep ? kept(lowered) : isWhole ? reader.whole(rule) : reader.again
  }
  checkConflicts(tree, diagnostics)
  diagnostics.check()
  checkRecursion(tree, diagnostics)
  diagnostics.check()
  if (keep) for (const info of tree.rules) checker.rule(info)
  diagnostics.check()
  return { context }
}

/** Lowers the rules of one module, possibly again; their errors were reported the first time. */
interface RuleReader {
  readonly names: ModuleNames
  /** Reads a rule again from the text of its module. */
  readonly read: (info: RuleInfo) => Rule
  /** Lowers a rule that is read again. All rules share this function, because there may be many. */
  readonly again: (info: RuleInfo) => LoweredRule
  /** Lowers a rule whose tree was kept. */
  readonly whole: (rule: Rule) => (info: RuleInfo) => LoweredRule
}

function readerOf(context: CompileContext, module: Module): RuleReader {
  const { source, keywords, regoVersion } = module
  const names = new ModuleNames(context, module)
  const strict = regoVersion === 1
  const read = ({ start }: RuleInfo): Rule => parseRuleAt(source, start, keywords, strict)
  const lower = (info: RuleInfo, rule: Rule): LoweredRule =>
    lowerRule({ ...context, diagnostics: new Diagnostics() }, info, rule, names)
  return {
    names,
    read,
    again: (info) => lower(info, read(info)),
    whole: (rule) => (info) => lower(info, rule),
  }
}

const kept =
  (lowered: LoweredRule): (() => LoweredRule) =>
  () =>
    lowered
