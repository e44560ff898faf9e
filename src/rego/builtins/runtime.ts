import type { Value } from '../values/index.ts'
import { isArray } from '../values/index.ts'
import { arrayOperand, stringOperand } from './operands.ts'
import { displayText, printLines } from './strings/template-string.ts'
import { BuiltinError } from './types.ts'
import type { BuiltinCall, BuiltinContext } from './types.ts'

function parseModule(context: BuiltinContext, args: readonly Value[]): Value {
  const [name, source] = [stringOperand(args, 0), stringOperand(args, 1)]
  if (context.parseModule === undefined)
    throw new BuiltinError('parsing policies is not supported here')
  return context.parseModule(name, source)
}

function print(context: BuiltinContext, operands: readonly Value[]): Value {
  if (context.print !== undefined) for (const line of printLines(operands)) context.print(line)
  return true
}

function resolvedByCompiler(): never {
  throw new BuiltinError('is resolved when a policy is compiled')
}

/** Functions about the policy itself and its runtime. */
export const RUNTIME: Readonly<Record<string, BuiltinCall>> = {
  'opa.runtime': (context) => context.runtime ?? {},
  'rego.parse_module': parseModule,
  'rego.metadata.chain': resolvedByCompiler,
  'rego.metadata.rule': resolvedByCompiler,
  trace: (context, args) => {
    context.trace?.(stringOperand(args, 0))
    return true
  },
  print: (context, args) => {
    context.print?.(args.map(displayText).join(' '))
    return true
  },
  'internal.print': (context, args) => print(context, arrayOperand(args, 0)),
  'internal.test_case': (_, args) => isArray(args[0]!),
}
