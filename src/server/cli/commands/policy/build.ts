import { readFile, writeFile } from 'node:fs/promises'
import type { Signing } from '../../../../policy/index.ts'
import { BundleError, SIGNING_ALGORITHMS } from '../../../../policy/index.ts'
import { writeBundle } from '../../../../policy/with-rego.ts'
import type { Arguments } from '../../command.ts'
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
    revision: { type: 'string', description: 'Defaults to a digest of the content.' },
    root: { type: 'string', description: 'Part of data that the bundle owns, such as app/authz.' },
    'signing-key': {
      type: 'string',
      valueHint: 'path',
      description: 'File with the private key in PEM, or the secret, to sign the bundle with.',
    },
    'signing-alg': {
      type: 'enum',
      options: [...SIGNING_ALGORITHMS],
      description: 'Default RS256.',
    },
    'signing-key-id': { type: 'string', description: 'Key id to state in the signature.' },
    scope: { type: 'string', description: 'Scope to state in the signature.' },
    ...jsonArg,
  },
  variadic: true,
  examples: [
    'tollgate policy build policies/ --output authz.tar.gz --revision 2026-01-31',
    'tollgate policy build policies/ --signing-key key.pem --signing-alg ES256',
  ],
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
    const signing = await signingOf(args)
    const bytes = orRefuse(() =>
      writeBundle(sources, { revision, ...(roots !== undefined && { roots }), signing }),
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

async function signingOf(args: Arguments): Promise<Signing | undefined> {
  const path = args.text('signing-key')
  if (path === undefined) return undefined
  const wanted = args.text('signing-alg') ?? 'RS256'
  const algorithm = SIGNING_ALGORITHMS.find((known) => known === wanted)
  if (algorithm === undefined) {
    throw new CliError(
      EXIT.usage,
      `--signing-alg: expected one of ${SIGNING_ALGORITHMS.join(', ')}`,
    )
  }
  const key = (await readFile(path, 'utf8')).trim()
  return { algorithm, key, keyId: args.text('signing-key-id'), scope: args.text('scope') }
}

function orRefuse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof BundleError) throw new CliError(EXIT.checkFailed, error.message)
    throw error
  }
}
