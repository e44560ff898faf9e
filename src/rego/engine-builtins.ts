import { BUILTINS } from './builtins/index.ts'
import type { Builtin, BuiltinType } from './builtins/index.ts'
import { RSet, toTermText } from './values/index.ts'
import type { Value } from './values/index.ts'

const ANY: BuiltinType = { kind: 'any' }
const BOOLEAN: BuiltinType = { kind: 'boolean' }
const ANY_OBJECT: BuiltinType = { kind: 'object', properties: [], rest: { key: ANY, value: ANY } }
const ANY_ARRAY: BuiltinType = { kind: 'array', items: [], rest: ANY }

function printed(values: Value): string {
  if (values instanceof RSet) {
    const [first] = values.values()
    return first === undefined
      ? '<undefined>'
      : typeof first === 'string'
        ? first
        : toTermText(first)
  }
  return toTermText(values)
}

const PRINT: Builtin = {
  name: 'internal.print',
  args: [{ kind: 'array', items: [], rest: { kind: 'set', of: ANY } }],
  result: BOOLEAN,
  nondeterministic: true,
  call(context, args) {
    const items = args[0] as readonly Value[]
    context.print?.(items.map(printed).join(' '))
    return true
  },
}

function metadata(name: string, result: BuiltinType): Builtin {
  // Calls are replaced by their results when a rule is compiled.
  return { name, args: [], result, call: () => undefined }
}

/** The built-ins that need the compiler. */
const ENGINE: readonly Builtin[] = [
  PRINT,
  metadata('rego.metadata.rule', ANY_OBJECT),
  metadata('rego.metadata.chain', ANY_ARRAY),
  { name: 'print', args: [], variadic: true, result: BOOLEAN, call: () => true },
]

/** The built-ins that a policy may use: those of the language that are allowed, and the host's own. */
export function usableBuiltins(
  own: readonly Builtin[],
  allowed: readonly string[] | undefined,
): ReadonlyMap<string, Builtin> {
  const usable = new Map<string, Builtin>()
  const names = allowed === undefined ? undefined : new Set(allowed)
  for (const builtin of [...BUILTINS.values(), ...ENGINE]) {
    const isInternal = builtin.name.startsWith('internal.')
    if (names !== undefined && !names.has(builtin.name) && !isInternal) continue
    usable.set(builtin.name, builtin)
  }
  for (const builtin of own) usable.set(builtin.name, builtin)
  return usable
}
