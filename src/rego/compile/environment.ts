import type { Builtin } from '../builtins/index.ts'
import type { RegoErrorCode } from '../errors.ts'
import type { Module } from '../syntax/ast.ts'
import type { Source } from '../syntax/source.ts'
import type { Callee, Local } from './core.ts'
import type { AnnotationIndex } from './annotation-index.ts'
import type { MetadataAnswers } from './metadata-answers.ts'
import type { Diagnostics, Stage } from './diagnostics.ts'
import { pathLabel } from './tree.ts'
import type { RuleNode, RuleTree } from './tree.ts'

/** What compiling needs to know from outside. */
export interface CompileContext {
  readonly tree: RuleTree
  readonly builtins: ReadonlyMap<string, Builtin>
  readonly diagnostics: Diagnostics
  /** Whether calls of `print` are kept. */
  readonly keepPrint: boolean
  readonly regoVersion: 0 | 1
  readonly annotations: AnnotationIndex
}

/** What a name stands for that is not a variable: a path under `input` or `data`. */
export interface GlobalPath {
  readonly root: 'input' | 'data'
  readonly path: readonly string[]
}

/** The names of one module: its imports, and the rules of its package. */
export class ModuleNames {
  readonly #imports = new Map<string, GlobalPath>()
  readonly #package: readonly string[]
  readonly #rules: ReadonlySet<string>

  constructor(
    context: CompileContext,
    module: Module | undefined,
    packagePath: readonly string[] = [],
  ) {
    this.#package = module?.package.path ?? packagePath
    this.#rules = context.tree.names.get(pathLabel(this.#package)) ?? new Set()
    for (const item of module?.imports ?? []) {
      const head = item.path.kind === 'var' ? item.path : item.path.head
      if (head.kind !== 'var' || (head.name !== 'data' && head.name !== 'input')) continue
      const keys = item.path.kind === 'ref' ? item.path.path : []
      const path = keys.map((key) => (key.kind === 'string' ? key.value : ''))
      this.#imports.set(item.alias ?? path.at(-1) ?? head.name, { root: head.name, path })
    }
  }

  resolve(name: string): GlobalPath | undefined {
    if (name === 'input' || name === 'data') return { root: name, path: [] }
    if (this.#rules.has(name)) return { root: 'data', path: [...this.#package, name] }
    return this.#imports.get(name)
  }
}

/** Everything about the rule or query that is being lowered. */
export class Unit {
  readonly context: CompileContext
  readonly source: Source
  readonly names: ModuleNames
  /** What `rego.metadata.chain` and `rego.metadata.rule` return here. */
  metadata: MetadataAnswers | undefined
  /** Variables that nothing declares, by name. */
  readonly free = new Map<string, Local>()
  #locals = 0

  constructor(context: CompileContext, source: Source, names: ModuleNames) {
    this.context = context
    this.source = source
    this.names = names
  }

  get localCount(): number {
    return this.#locals
  }

  local(name: string, start: number): Local {
    return { id: this.#locals++, name, start }
  }

  freeLocal(name: string, start: number): Local {
    let local = this.free.get(name)
    if (local === undefined) {
      local = this.local(name, start)
      this.free.set(name, local)
    }
    return local
  }

  error(stage: Stage, code: RegoErrorCode, message: string, offset: number): void {
    this.context.diagnostics.add(stage, code, message, this.source, offset)
  }

  /** The function at a path under `data`, if there is one. */
  functionAt(path: readonly string[]): Callee | undefined {
    const node: RuleNode | undefined = this.context.tree.root.find(path)
    return node?.rules.some((rule) => rule.kind === 'function') === true
      ? { kind: 'function', node, path }
      : undefined
  }
}
