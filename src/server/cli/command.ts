import type { ArgsDef, CommandDef } from 'citty'
import { defineCommand } from 'citty'
import type { StrictArguments } from './strict-arguments.ts'
import { parseStrictly } from './strict-arguments.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal } from './terminal.ts'

/** The parsed command line of one command. */
export interface Arguments {
  /** The value of an option or argument; `undefined` if it was not given. */
  text(name: string): string | undefined
  /** Every value of a repeatable option. */
  texts(name: string): readonly string[]
  flag(name: string): boolean
  /** A value that must be there. */
  required(name: string): string
}

/** The definition of a command. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly args?: ArgsDef
  /** Whether the last positional argument may be given any number of times. */
  readonly variadic?: boolean
  /** Command lines that work when pasted. */
  readonly examples?: readonly string[]
  run(args: Arguments, terminal: Terminal): Promise<void>
}

/** Every command can answer in JSON. */
export const jsonArg = {
  json: { type: 'boolean', description: 'Answer in JSON.' },
} as const satisfies ArgsDef

/** Options of commands that use the admin API. */
export const adminArgs = {
  ...jsonArg,
  admin: {
    type: 'string',
    valueHint: 'url',
    description: 'Admin API (TOLLGATE_ADMIN; default http://127.0.0.1:8081).',
  },
  'root-key-file': {
    type: 'string',
    valueHint: 'path',
    description: 'File with the root key, - for standard input (TOLLGATE_ROOT_KEY).',
  },
} as const satisfies ArgsDef

const EXAMPLES = Symbol('examples')

/** A citty command that remembers its examples for the help. */
export type Command = CommandDef & { readonly [EXAMPLES]?: readonly string[] }

/** The examples of a command. */
export const examplesOf = (command: Command): readonly string[] => command[EXAMPLES] ?? []

/** Declares a command that runs. */
export function leaf(spec: CommandSpec): Command {
  const args: ArgsDef = spec.args ?? jsonArg
  const command = defineCommand({
    meta: { name: spec.name, description: spec.summary },
    args,
    run: async ({ rawArgs }) =>
      spec.run(argumentsOf(rawArgs, args, spec.variadic === true), createTerminal()),
  })
  return Object.assign(command as Command, { [EXAMPLES]: spec.examples ?? [] })
}

/** Declares a command that only contains others; each is loaded on demand. */
export function branch(
  name: string,
  summary: string,
  subCommands: Readonly<Record<string, Command | (() => Promise<Command>)>>,
  examples: readonly string[] = [],
): Command {
  const command = defineCommand({ meta: { name, description: summary }, subCommands })
  return Object.assign(command as Command, { [EXAMPLES]: examples })
}

function argumentsOf(
  rawArgs: readonly string[],
  definition: ArgsDef,
  variadic: boolean,
): Arguments {
  const parsed = parseStrictly(rawArgs, definition, variadic)
  const values = valuesOf(parsed, definition)
  const text = (name: string): string | undefined => {
    const value = values[name]?.at(-1)
    return typeof value === 'string' ? value : undefined
  }
  return {
    text,
    texts: (name) => (values[name] ?? []).filter((value) => typeof value === 'string'),
    flag: (name) => values[name]?.at(-1) === true,
    required: (name) => text(name) ?? '',
  }
}

function valuesOf(
  parsed: StrictArguments,
  definition: ArgsDef,
): Readonly<Record<string, readonly (string | boolean)[]>> {
  const positional = Object.entries(definition).filter(([, arg]) => arg.type === 'positional')
  const named = positional.map(([name], index) => {
    // Extra arguments have already been refused, unless the last one may be repeated.
    const isLast = index === positional.length - 1
    return [name, parsed.positionals.slice(index, isLast ? undefined : index + 1)] as const
  })
  return { ...parsed.values, ...Object.fromEntries(named) }
}
