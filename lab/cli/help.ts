import type { CommandDef } from 'citty'
import { renderUsage } from 'citty'
import type { Command } from './command.ts'
import type { Entry } from './table.ts'

/** The usage of a command, with its options and examples. */
export async function renderCommandHelp(command: Command, program: string): Promise<string> {
  const definition: CommandDef = {
    meta: { name: command.name, description: command.summary },
    args: command.args,
  }
  const usage = await renderUsage(definition, { meta: { name: program } })
  const examples = command.examples ?? []
  const shown = examples.map((line) => `  ${line}`).join('\n')
  return `${usage.trimEnd()}${examples.length === 0 ? '' : `\n\nEXAMPLES\n\n${shown}`}\n`
}

/** Every command with its summary. */
export function renderHelp(commands: Readonly<Record<string, Entry>>, program: string): string {
  const names = Object.keys(commands)
  const width = Math.max(0, ...names.map((name) => name.length))
  return [
    `Performance claims that hold up: measures any HTTP server and says how sure it is.`,
    '',
    `USAGE ${program} <command> [OPTIONS]`,
    '',
    'COMMANDS',
    '',
    ...names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary ?? ''}`),
    '',
    `See ${program} <command> --help.`,
    '',
    'EXIT STATUS',
    '',
    '  0 pass   1 failed to run   2 wrong usage   6 fail   7 inconclusive',
    '',
  ].join('\n')
}

/** The text without color codes. */
export const withoutColors = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/\u001B\[[\d;]*m/g, '')
