import { LabError } from '../core/index.ts'
import { readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import type { ExitCode } from './exit-codes.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import { renderCommandHelp, renderHelp, withoutColors } from './help.ts'
import { COMMANDS } from './table.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal } from './terminal.ts'

/**
 * Runs the lab's command line and resolves with the exit status. Results go to standard output,
 * progress, hints and errors to standard error.
 *
 * @param argv - Without the program's name: `['overhead', '--quick']`.
 * @param program - What the user typed to get here, for the help.
 */
export async function main(argv: readonly string[], program = 'tollgate lab'): Promise<ExitCode> {
  const terminal = createTerminal()
  try {
    return await dispatch(argv, program, terminal)
  } catch (error) {
    return report(error, terminal)
  }
}

async function dispatch(
  argv: readonly string[],
  program: string,
  terminal: Terminal,
): Promise<ExitCode> {
  const [name, ...rest] = argv
  const wantsHelp = (words: readonly string[]): boolean =>
    words.some((word) => word === '--help' || word === '-h')
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const help = renderHelp(COMMANDS, program)
    if (name !== undefined) {
      await terminal.out(help)
      return EXIT.ok
    }
    terminal.hint(help.trimEnd())
    return EXIT.usage
  }
  const command = await load(name)
  if (wantsHelp(rest)) {
    const help = await renderCommandHelp(command, program)
    await terminal.out(terminal.color ? help : withoutColors(help))
    return EXIT.ok
  }
  const args = readArguments(rest, command.args, command.variadic)
  return command.run({ args, terminal, argv, find })
}

async function load(name: string): Promise<Command> {
  const command = await find(name)
  if (command !== undefined) return command
  throw new UsageError(`unknown command ${name}`, `One of: ${Object.keys(COMMANDS).join(', ')}.`)
}

async function find(name: string): Promise<Command | undefined> {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.load() : undefined
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof Error && error.name === 'AbortError') {
    terminal.hint('tollgate lab: stopped; nothing was recorded')
    return EXIT.interrupted
  }
  if (error instanceof UsageError) {
    terminal.hint(`tollgate lab: ${error.message}`)
    if (error.hint !== undefined) terminal.hint(error.hint)
    return EXIT.usage
  }
  const text = error instanceof LabError || !(error instanceof Error) ? String(error) : error.stack
  terminal.hint(`tollgate lab: ${(text ?? String(error)).replace(/^LabError: /, '')}`)
  return EXIT.error
}
