import { compile, RegoError, renderErrors } from '../../../../rego/index.ts'
import { jsonArg, leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { compileOptions, countOf, jsonText, pathsArgs, sourcesHere } from './sources.ts'

/** `tollgate policy check`. */
export const checkCommand = leaf({
  name: 'check',
  summary: 'Check policies: syntax, safety, types, conflicts',
  args: { ...pathsArgs, ...jsonArg },
  variadic: true,
  examples: ['tollgate policy check', 'tollgate policy check policies/ --json'],
  run: async (args, terminal) => {
    const sources = sourcesHere(args)
    const files = Object.keys(sources.modules)
    const errors = errorsOf(() => compile(compileOptions(sources, args)))
    const ok = errors.length === 0
    if (args.flag('json')) await terminal.out(`${jsonText({ ok, files, errors })}\n`)
    else if (!ok) terminal.hint(renderErrors(errors, sources.modules).trimEnd())
    if (!ok) throw new CliError(EXIT.checkFailed, countOf(errors))
    if (!args.flag('json')) await terminal.out(`good; modules: ${files.length}\n`)
  },
})

function errorsOf(work: () => unknown): RegoError['errors'] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof RegoError) return error.errors
    throw error
  }
}
