import { COMMANDS } from '../lab/cli/index.ts'
import type { Command } from '../lab/cli/index.ts'

const INTRO = `# The lab's commands

Every command of \`tollgate lab\`. This page is generated from the commands themselves. What each of
them answers, and how to read the answer, stands in the [guide](../guides/lab.md).

Exit status: 0 pass, 1 failed to run, 2 wrong usage, 6 fail, 7 inconclusive, 130 interrupted.
`

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;')
}

function renderCommand({ name, summary, args, examples = [] }: Command): string {
  const entries = Object.entries(args)
  const places = entries
    .filter(([, arg]) => arg.type === 'positional')
    .map(([place, arg]) => (arg.required === false ? `[${place}]` : `<${place}>`))
  const rows = entries.map(([option, arg]) => {
    const value = 'valueHint' in arg && arg.valueHint !== undefined ? ` <${arg.valueHint}>` : ''
    const shown = arg.type === 'positional' ? option : `--${option}${value}`
    return `| \`${shown.replaceAll('|', '/')}\` | ${cell(arg.description ?? '')} |`
  })
  const usage = ['tollgate lab', name, ...places, '[options]'].join(' ')
  const shown = examples.length === 0 ? '' : `\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`
  return `## \`${name}\`\n\n${summary}.\n\n\`${usage}\`\n\n| option | meaning |\n| --- | --- |\n${rows.join('\n')}\n${shown}`
}

/** The reference page of the lab's command line. */
export async function renderLabReference(): Promise<string> {
  const commands = await Promise.all(
    Object.keys(COMMANDS)
      .toSorted()
      .map((name) => COMMANDS[name]!.load()),
  )
  return `${INTRO}\n${commands.map(renderCommand).join('\n')}`
}
