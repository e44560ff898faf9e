import { readFileSync } from 'node:fs'
import type { SubCommandsDef } from 'citty'
import { renderUsage, runCommand } from 'citty'
import { nearest } from '../../core/config/nearest.ts'
import { messageOf } from '../../core/error-message.ts'
import type { Command } from './command.ts'
import { examplesOf } from './command.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { rootCommand } from './root.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal } from './terminal.ts'

/**
 * Runs the command line and resolves with the exit status. Results go to standard output, hints and
 * errors to standard error.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = createTerminal()
  try {
    if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
      await terminal.out(`${readVersion()}\n`)
      return EXIT.ok
    }
    const { command, path, rest } = await locate(argv)
    const wantsHelp = rest.some((arg) => arg === '--help' || arg === '-h')
    if (wantsHelp || command.run === undefined) {
      const help = await renderHelp(command, path, terminal)
      if (wantsHelp) {
        await terminal.out(help)
        return EXIT.ok
      }
      terminal.hint(help.trimEnd())
      return EXIT.usage
    }
    await runCommand(command, { rawArgs: [...rest] })
    return EXIT.ok
  } catch (error) {
    return report(error, argv.includes('--json'), terminal)
  }
}

interface Located {
  readonly command: Command
  readonly path: readonly string[]
  readonly rest: readonly string[]
}

async function locate(argv: readonly string[]): Promise<Located> {
  let command: Command = rootCommand
  const path = ['tollgate']
  let index = 0
  for (;;) {
    const children = command.subCommands as SubCommandsDef | undefined
    const name = argv[index]
    if (children === undefined || name === undefined || name.startsWith('-')) break
    const child = Object.hasOwn(children, name) ? children[name] : undefined
    if (child === undefined) throw unknownCommand(name, path, Object.keys(children))
    command = (await (typeof child === 'function' ? child() : child)) as Command
    path.push(name)
    index += 1
  }
  return { command, path, rest: argv.slice(index) }
}

function unknownCommand(name: string, path: readonly string[], known: readonly string[]): CliError {
  const meant = nearest(name, known)
  const hint =
    meant === undefined
      ? `One of: ${known.join(', ')}.`
      : `Did you mean ${[...path, meant].join(' ')}?`
  return new CliError(EXIT.usage, `unknown command ${[...path, name].join(' ')}`, { hint })
}

async function renderHelp(
  command: Command,
  path: readonly string[],
  terminal: Terminal,
): Promise<string> {
  const parent = path.slice(0, -1).join(' ')
  const usage = await renderUsage(command, parent === '' ? undefined : { meta: { name: parent } })
  const examples = examplesOf(command)
  const shown = examples.length === 0 ? '' : `\n\nEXAMPLES\n\n${examples.map(indent).join('\n')}`
  const codes = path.length === 1 ? `\n\n${EXIT_CODES}` : ''
  const text = `${usage.trimEnd()}${shown}${codes}\n`
  return terminal.color ? text : withoutColors(text)
}

// oxlint-disable-next-line no-control-regex
const withoutColors = (text: string): string => text.replaceAll(/\u001B\[\d+m/g, '')

const indent = (line: string): string => `  ${line}`

const EXIT_CODES = `EXIT STATUS

  0 done   1 failed   2 wrong usage   3 not found   4 not allowed   5 conflict   6 check failed`

async function report(error: unknown, json: boolean, terminal: Terminal): Promise<number> {
  if (isClosedPipe(error)) return EXIT.ok
  if (!(error instanceof CliError)) {
    const text = describeFileError(error) ?? messageOf(error)
    terminal.hint(`tollgate: ${withoutColors(text)}`)
    if (!isUsage(error)) return EXIT.error
    terminal.hint('See --help.')
    return EXIT.usage
  }
  if (error.message !== '') terminal.hint(`tollgate: ${error.message}`)
  if (error.hint !== undefined) terminal.hint(error.hint)
  if (json && error.problem !== undefined) {
    await terminal.out(`${JSON.stringify(error.problem, null, 2)}\n`)
  }
  return error.exitCode
}

const FILE_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
}

/** A readable message for a named file that cannot be opened. */
function describeFileError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error) || !('code' in error)) return undefined
  const reason = FILE_REASONS[String(error.code)]
  return reason === undefined ? undefined : `${String(error.path)} cannot be read: ${reason}`
}

/** citty's own refusal of a command line: an argument is missing or not one of its choices. */
const isUsage = (error: unknown): boolean => error instanceof Error && error.name === 'CLIError'

const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE'

function readVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
