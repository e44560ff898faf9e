import { writeFile } from 'node:fs/promises'
import { BundleError, writeBundle } from '../../../../policy/index.ts'
import { jsonArg, leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { givenList } from '../../option-values.ts'
import { compileOptions, compileOrExplain, jsonText, pathsArgs, sourcesHere } from './sources.ts'

/** `tollgate policy build`. */
export const buildCommand = leaf({
  name: 'build',
  summary: 'Write an OPA bundle; tests are checked and left out',
  args: {
    ...pathsArgs,
    output: {
      type: 'string',
      alias: 'o',
      valueHint: 'path',
      description: 'Default bundle.tar.gz.',
    },
    revision: { type: 'string', description: 'Default a digest of the content.' },
    root: { type: 'string', description: 'Part of data that the bundle owns, such as app/authz.' },
    ...jsonArg,
  },
  variadic: true,
  examples: ['tollgate policy build policies/ --output authz.tar.gz --revision 2026-01-31'],
  run: async (args, terminal) => {
    const all = sourcesHere(args)
    await compileOrExplain(compileOptions(all, args), args, terminal)
    const modules = Object.entries(all.modules).filter(([file]) => !file.endsWith('_test.rego'))
    const sources = {
      ...all,
      modules: Object.fromEntries(modules),
      regoVersion: args.flag('v0') ? 0 : all.regoVersion,
    } as const
    const revision = args.text('revision') ?? all.revision
    const roots = givenList(args, 'root')
    const output = args.text('output') ?? 'bundle.tar.gz'
    const bytes = orRefuse(() =>
      writeBundle(sources, { revision, ...(roots !== undefined && { roots }) }),
    )
    await writeFile(output, bytes)
    const told = { output, revision, modules: modules.length, bytes: bytes.length }
    await terminal.out(
      args.flag('json')
        ? `${jsonText(told)}\n`
        : `${output}: revision ${revision}, modules: ${told.modules}\n`,
    )
  },
})

function orRefuse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof BundleError) throw new CliError(EXIT.checkFailed, error.message)
    throw error
  }
}
