import type { ArgsDef } from 'citty'
import type { Experiment, Json } from '../core/index.ts'
import type { Arguments } from './arguments.ts'
import type { CommonOptions } from './common-options.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** What every command receives. */
export interface CommandContext {
  readonly args: Arguments
  readonly terminal: Terminal
  /** The command line as given, without the program's name: `overhead --quick`. */
  readonly argv: readonly string[]
  /** Another command of the table; `undefined` where there is none of that name. */
  readonly find: (name: string) => Promise<Command | undefined>
}

/** A subcommand of the lab. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly args: ArgsDef
  /** Whether the last positional argument may be given any number of times. */
  readonly variadic?: boolean
  /** Command lines that work when pasted. */
  readonly examples?: readonly string[]
  /** The experiment behind it; a replay of a record finds its analysis here. */
  readonly experiment?: Experiment<Json, Json>
  /** The experiment's options, read from a command line; a plan prepares its experiments with it. */
  readonly optionsOf?: (args: Arguments, common: CommonOptions) => Promise<Json>
  run(context: CommandContext): Promise<ExitCode>
}
