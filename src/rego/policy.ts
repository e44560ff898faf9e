import type { BuiltinContext } from './builtins/index.ts'
import { compileModules } from './compile/compile-modules.ts'
import type { CompiledModules } from './compile/compile-modules.ts'
import { lowerQuery, lowerValueQuery } from './compile/lower-query.ts'
import { pathLabel } from './compile/tree.ts'
import type { Location } from './errors.ts'
import { usableBuiltins } from './engine-builtins.ts'
import { Evaluator } from './evaluator.ts'
import type { Dependencies } from './evaluator.ts'
import { systemNowNs, systemRandom, systemRandomBytes } from './host.ts'
import type { CompileOptions, EvaluateOptions, QueryOptions } from './options.ts'
import { planProgram } from './plan/program.ts'
import { parseModuleValue } from './syntax/module-value.ts'
import { parseTermText } from './syntax/parse-module.ts'
import { constantValue } from './syntax/term-value.ts'
import { makeObject } from './values/index.ts'
import type { Value } from './values/index.ts'

const QUERIES_MAX = 256

/** One solution of a query: the values of its variables. */
export type Bindings = Readonly<Record<string, Value>>

/** A rule's place. */
export interface RuleEntry {
  readonly name: string
  /** `data.app.allow`. */
  readonly label: string
  readonly location: Location
}

/** Evaluates for one input. */
export type Prepared = (input?: Value, options?: EvaluateOptions) => Value | undefined

/** Compiled modules with their data. Evaluation never changes them. */
export class Policy {
  readonly data: Value | undefined
  readonly #options: CompileOptions
  readonly #compiled: CompiledModules
  readonly #evaluators: Map<string, Evaluator>

  /** @internal Use {@link compile}. */
  constructor(
    options: CompileOptions,
    compiled: CompiledModules,
    data: Value | undefined,
    shared?: Map<string, Evaluator>,
  ) {
    this.#options = options
    this.#compiled = compiled
    this.data = data
    this.#evaluators = new Map()
    if (shared !== undefined)
      for (const [key, evaluator] of shared) this.#evaluators.set(key, evaluator.withData(data))
  }

  /** The value of a reference such as `data.app.allow`, or `undefined`. */
  evaluate(reference: string, input?: Value, options?: EvaluateOptions): Value | undefined {
    return this.#evaluator('value', reference).value(input, options)
  }

  /** Like {@link evaluate}, but waits for built-ins that use the network. */
  async evaluateAsync(
    reference: string,
    input?: Value,
    options?: EvaluateOptions,
  ): Promise<Value | undefined> {
    const value = await this.#evaluator('value', reference).valueAsync(input, options)
    return value
  }

  /** All ways to make a query true, each as the values of its variables. */
  query(query: string, options: QueryOptions = {}): Bindings[] {
    const input =
      options.inputTerm === undefined ? options.input : parseInputTerm(options.inputTerm)
    return this.#evaluator('bindings', query).bindings(input, options)
  }

  /** Like {@link query}, but waits for built-ins that use the network. */
  async queryAsync(query: string, options: QueryOptions = {}): Promise<Bindings[]> {
    const input =
      options.inputTerm === undefined ? options.input : parseInputTerm(options.inputTerm)
    const bindings = await this.#evaluator('bindings', query).bindingsAsync(input, options)
    return bindings
  }

  /** The fast path: work that does not depend on the input is done once. */
  prepare(reference: string): Prepared {
    return this.#evaluator('value', reference).prepared()
  }

  /** The same policy on other data; compiled code is reused. */
  withData(data: Value | undefined): Policy {
    return new Policy(this.#options, this.#compiled, data, this.#evaluators)
  }

  /** What a reference's value depends on. */
  dependencies(reference: string): Dependencies {
    return this.#evaluator('value', reference).dependencies()
  }

  /** How often each line has been evaluated so far, if compiled with `coverage`. */
  coverage(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    const files = new Map<string, Map<number, number>>()
    for (const evaluator of this.#evaluators.values()) {
      for (const { file, row, count } of evaluator.coverage()) {
        if (file === '') continue
        const rows = files.get(file) ?? new Map<number, number>()
        files.set(file, rows)
        rows.set(row, (rows.get(row) ?? 0) + count)
      }
    }
    return files
  }

  /** The rules, in source order. */
  rules(): RuleEntry[] {
    return this.#compiled.context.tree.rules.map((rule) => ({
      name: rule.ground.at(-1) ?? rule.headName,
      label: pathLabel(rule.ground),
      location: rule.module.source.locate(rule.start),
    }))
  }

  /** The JavaScript that a reference was compiled to, for inspection. */
  generated(reference: string): string {
    return this.#evaluator('value', reference).generated()
  }

  #evaluator(kind: 'value' | 'bindings', text: string): Evaluator {
    const key = `${kind} ${text}`
    const known = this.#evaluators.get(key)
    if (known !== undefined) return known
    const { context } = this.#compiled
    const query = kind === 'value' ? lowerValueQuery(context, text) : lowerQuery(context, text)
    const program = planProgram(context.tree, query, this.#options.coverage === true)
    const evaluator = new Evaluator(
      program,
      kind,
      this.data,
      this.#options,
      builtinContext(this.#options),
    )
    if (this.#evaluators.size >= QUERIES_MAX && this.#options.coverage !== true)
      this.#evaluators.delete(this.#evaluators.keys().next().value!)
    this.#evaluators.set(key, evaluator)
    return evaluator
  }
}

function parseInputTerm(text: string): Value {
  return constantValue(parseTermText(text).term)
}

/** Makes the context of built-ins; each evaluator has its own, with its own memory of one query. */
function builtinContext(options: CompileOptions): () => BuiltinContext {
  const kept = new Map<string, unknown>()
  return () => ({
    kept,
    nowNs: options.clock ?? systemNowNs,
    random: options.random ?? systemRandom,
    randomBytes: options.randomBytes ?? systemRandomBytes,
    memo: new Map(),
    parseModule: (name, source) => parseModuleValue(name, source),
    ...(options.runtime !== undefined && { runtime: options.runtime }),
    ...(options.env !== undefined && { env: options.env }),
    ...(options.print !== undefined && { print: options.print }),
    ...(options.capabilities?.fetch !== undefined && { fetch: options.capabilities.fetch }),
    ...(options.capabilities?.lookup !== undefined && { lookup: options.capabilities.lookup }),
  })
}

/**
 * Compiles a policy.
 * @throws RegoError with every error of the first stage that has any.
 */
export function compile(options: CompileOptions): Policy {
  const regoVersion = options.regoVersion ?? 1
  const builtins = usableBuiltins(options.builtins ?? [], options.capabilities?.builtins)
  const compiled = compileModules(options.modules, {
    builtins,
    keepPrint: options.print !== undefined,
    regoVersion,
  })
  return new Policy(options, compiled, options.data ?? makeObject([]))
}
