import { writeFile } from 'node:fs/promises'
import { format } from '../../../../rego/index.ts'
import { jsonArg, leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { lineDiff } from './line-diff.ts'
import { explaining, jsonText, pathsArgs, sourcesHere } from './sources.ts'

/** `tollgate policy fmt`. */
export const fmtCommand = leaf({
  name: 'fmt',
  summary: 'Format policies; - reads standard input',
  args: {
    paths: pathsArgs.paths,
    v0: pathsArgs.v0,
    write: { type: 'boolean', alias: 'w', description: 'Change the files.' },
    list: { type: 'boolean', alias: 'l', description: 'List the files that would change.' },
    diff: { type: 'boolean', alias: 'd', description: 'Show what would change.' },
    fail: { type: 'boolean', description: 'Exit with 6 when a file would change.' },
    ...jsonArg,
  },
  variadic: true,
  examples: ['tollgate policy fmt --write policies/', 'tollgate policy fmt --list --fail'],
  run: async (args, terminal) => {
    const fromInput = args.texts('paths').join() === '-'
    const modules = fromInput ? { '-': await terminal.readInput() } : sourcesHere(args).modules
    const version = args.flag('v0') ? 0 : 1
    const formatted = await explaining(modules, args, terminal, () =>
      Object.entries(modules).map(([file, before]) => {
        const after = format(file, before, version)
        return { file, before, after, changed: before !== after }
      }),
    )
    const changed = formatted.filter((each) => each.changed)
    if (args.flag('write') && !fromInput) {
      for (const { file, after } of changed) await writeFile(file, after)
    }
    const names = changed.map(({ file }) => file)
    if (args.flag('json')) {
      await terminal.out(`${jsonText({ changed: names })}\n`)
    } else if (args.flag('diff')) {
      const diffs = changed.map(({ file, before, after }) =>
        [`--- ${file}`, `+++ ${file}`, ...lineDiff(before, after), ''].join('\n'),
      )
      await terminal.out(diffs.join(''))
    } else if (args.flag('list') || args.flag('write')) {
      await terminal.out(names.map((name) => `${name}\n`).join(''))
    } else await terminal.out(formatted.map(({ after }) => after).join('\n'))
    if (args.flag('fail') && changed.length > 0) {
      throw new CliError(EXIT.checkFailed, `not formatted: ${changed.length}`)
    }
  },
})
