import type { Builtin, BuiltinContext } from './builtins/index.ts'
import { BuiltinError } from './builtins/index.ts'
import { closureProgram } from './closures/program.ts'
import { RegoError } from './errors.ts'
import type { CompileOptions, EvaluateOptions } from './options.ts'
import type { Program } from './plan/program.ts'
import { failure } from './runtime/failure.ts'
import { Machine, Suspension } from './runtime/machine.ts'
import type { Conditions } from './runtime/machine.ts'
import { generate } from './source/program.ts'
import { stringifyJson } from './values/index.ts'
import type { Value } from './values/index.ts'

/** What a value depends on; paths are JSON pointers, of which the empty one means everything. */
export interface Dependencies {
  readonly input: readonly string[]
  readonly data: readonly string[]
  /** Built-ins whose results may differ for the same arguments. */
  readonly nondeterministic: readonly string[]
}

/** Code that can be instantiated on any number of machines. */
interface Code {
  readonly text: string
  instantiate(machine: Machine): () => Value | undefined
}

interface Instance {
  readonly machine: Machine
  readonly run: () => Value | undefined
  busy: boolean
}

/** Evaluates one query any number of times. */
export class Evaluator {
  readonly #program: Program
  readonly #kind: 'value' | 'bindings'
  readonly #data: Value | undefined
  readonly #options: CompileOptions
  readonly #context: () => BuiltinContext
  readonly #defaults: Conditions
  #code: Code | undefined
  #instance: Instance | undefined

  constructor(
    program: Program,
    kind: 'value' | 'bindings',
    data: Value | undefined,
    options: CompileOptions,
    context: () => BuiltinContext,
    code?: Code,
  ) {
    this.#program = program
    this.#kind = kind
    this.#data = data
    this.#options = options
    this.#context = context
    this.#code = code
    this.#defaults = this.#conditions(undefined, undefined)
  }

  /** The same query on other data. */
  withData(data: Value | undefined): Evaluator {
    return new Evaluator(this.#program, this.#kind, data, this.#options, this.#context, this.#code)
  }

  value(input: Value | undefined, options: EvaluateOptions | undefined): Value | undefined {
    return this.#evaluate(
      input,
      options === undefined ? this.#defaults : this.#conditions(options, undefined),
    )
  }

  prepared(): (input?: Value, options?: EvaluateOptions) => Value | undefined {
    const instance = this.#ready()
    const defaults = this.#defaults
    const { machine, run } = instance
    return (input, options) => {
      if (options !== undefined || instance.busy) return this.value(input, options)
      instance.busy = true
      try {
        machine.begin(input, defaults)
        const value = run()
        instance.busy = false
        return value
      } catch (error) {
        return this.#failed(instance, error)
      }
    }
  }

  bindings(input: Value | undefined, options: EvaluateOptions): Record<string, Value>[] {
    return this.#named(this.#evaluate(input, this.#conditions(options, undefined)))
  }

  async valueAsync(
    input: Value | undefined,
    options: EvaluateOptions | undefined,
  ): Promise<Value | undefined> {
    const value = await this.#evaluateAsync(input, options)
    return value
  }

  async bindingsAsync(
    input: Value | undefined,
    options: EvaluateOptions,
  ): Promise<Record<string, Value>[]> {
    return this.#named(await this.#evaluateAsync(input, options))
  }

  dependencies(): Dependencies {
    const { input, data, builtins } = this.#program.reads
    return {
      input: [...input].sort(),
      data: [...data].sort(),
      nondeterministic: [...builtins].sort(),
    }
  }

  generated(): string {
    return this.#compiled().text
  }

  coverage(): { file: string; row: number; count: number }[] {
    const hits = this.#instance?.machine.hits ?? []
    return (this.#program.coverage?.points ?? []).map(({ file, row }, i) => ({
      file,
      row,
      count: hits[i] ?? 0,
    }))
  }

  #named(value: Value | undefined): Record<string, Value>[] {
    const rows = (value ?? []) as readonly (readonly Value[])[]
    return rows.map((row) =>
      Object.fromEntries(this.#program.names.map((name, i) => [name, row[i]!])),
    )
  }

  #compiled(): Code {
    this.#code ??=
      this.#options.backend === 'closures'
        ? closureProgram(this.#program, this.#kind === 'value')
        : generate(this.#program, this.#kind === 'value')
    return this.#code
  }

  #ready(): Instance {
    if (this.#instance?.busy === true) return this.#newInstance()
    this.#instance ??= this.#newInstance()
    return this.#instance
  }

  #newInstance(): Instance {
    const { targets } = this.#program
    const machine = new Machine(this.#data, this.#context(), targets.data, targets.mockCount)
    return { machine, run: this.#compiled().instantiate(machine), busy: false }
  }

  #evaluate(input: Value | undefined, conditions: Conditions): Value | undefined {
    const instance = this.#ready()
    instance.busy = true
    try {
      instance.machine.begin(input, conditions)
      const value = instance.run()
      instance.busy = false
      return value
    } catch (error) {
      return this.#failed(instance, error)
    }
  }

  #failed(instance: Instance, error: unknown): never {
    instance.busy = false
    instance.machine.reset(this.#data)
    if (error instanceof RegoError || error instanceof Suspension) throw error
    if (error instanceof RangeError)
      throw failure('eval_cancel_error', 'evaluation is nested too deeply')
    throw failure(
      'eval_internal_error',
      error instanceof Error ? error.message : 'evaluation failed',
    )
  }

  #conditions(
    options: EvaluateOptions | undefined,
    awaited: Map<string, Value | undefined> | undefined,
  ): Conditions {
    return {
      strictBuiltinErrors: options?.strictBuiltinErrors === true,
      steps: options?.steps ?? this.#options.steps ?? Number.POSITIVE_INFINITY,
      signal: options?.signal,
      awaited,
      callKey,
    }
  }

  /** Evaluates the query; when a call must be awaited, waits for it and starts again. */
  async #evaluateAsync(
    input: Value | undefined,
    options: EvaluateOptions | undefined,
  ): Promise<Value | undefined> {
    const awaited = new Map<string, Value | undefined>()
    const conditions = this.#conditions(options, awaited)
    const context = this.#context()
    for (;;) {
      let pending: Suspension
      try {
        return this.#evaluate(input, conditions)
      } catch (error) {
        if (!(error instanceof Suspension)) throw error
        pending = error
      }
      awaited.set(pending.key, await callAsync(pending, context, conditions))
    }
  }
}

function callKey(builtin: Builtin, args: readonly Value[]): string {
  return `${builtin.name}${stringifyJson([...args])}`
}

async function callAsync(
  pending: Suspension,
  context: BuiltinContext,
  conditions: Conditions,
): Promise<Value | undefined> {
  const { builtin, args } = pending
  try {
    const signal = conditions.signal
    return await builtin.callAsync?.(signal === undefined ? context : { ...context, signal }, args)
  } catch (error) {
    if (!(error instanceof BuiltinError)) {
      throw failure('eval_internal_error', error instanceof Error ? error.message : 'failed')
    }
    if (conditions.strictBuiltinErrors) throw failure(error.code, error.message)
    return undefined
  }
}
