import type { ArgsDef } from 'citty'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { PolicySources, Verification } from '../../../../policy/index.ts'
import { BundleError, SIGNING_ALGORITHMS } from '../../../../policy/index.ts'
import { loadSources } from '../../../../policy/with-rego.ts'
import type { CompileOptions, Policy, RegoErrorItem, Value } from '../../../../rego/index.ts'
import { compile, parseJson, RegoError, renderErrors } from '../../../../rego/index.ts'
import type { Arguments } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import type { Terminal } from '../../terminal.ts'
import { messageOf } from '../../../../core/error-message.ts'

/** Options of commands that verify the signatures of bundles. */
export const verificationArgs = {
  'verification-key': {
    type: 'string',
    valueHint: 'path',
    description: 'File with the public key in PEM, or the secret: bundles must be signed with it.',
  },
  'signing-alg': {
    type: 'enum',
    options: [...SIGNING_ALGORITHMS],
    description: 'How bundles are signed (default RS256).',
  },
  scope: { type: 'string', description: 'Scope that the signature must state.' },
} as const satisfies ArgsDef

/** Options of commands that evaluate a query. */
export const queryArgs = {
  query: { type: 'positional', description: 'Such as data.app.authz.allow.' },
  data: {
    type: 'string',
    alias: 'd',
    valueHint: 'path',
    description: 'Policy or data: a file or a folder. Repeatable.',
  },
  bundle: {
    type: 'string',
    alias: 'b',
    valueHint: 'path',
    description: 'OPA bundle: tar.gz or a folder. Repeatable.',
  },
  input: {
    type: 'string',
    alias: 'i',
    valueHint: 'path',
    description: 'Input in JSON, - for standard input.',
  },
  ...verificationArgs,
  v0: { type: 'boolean', description: 'Read modules as Rego v0.' },
} as const satisfies ArgsDef

/** Options of commands that take policies as arguments. */
export const pathsArgs = {
  paths: { type: 'positional', required: false, description: 'Files and folders (default .).' },
  bundle: queryArgs.bundle,
  v0: queryArgs.v0,
} as const satisfies ArgsDef

/** Reads the policies that a command names. */
export function sourcesOf(args: Arguments): PolicySources {
  const bundles = args.texts('bundle')
  const given = [...args.texts('paths'), ...args.texts('data')]
  try {
    return loadSources({ paths: given, bundles, verification: verificationOf(args) })
  } catch (error) {
    if (error instanceof BundleError) throw new CliError(EXIT.error, error.message)
    throw error
  }
}

function verificationOf(args: Arguments): Verification | undefined {
  const path = args.text('verification-key')
  if (path === undefined) return undefined
  const wanted = args.text('signing-alg') ?? 'RS256'
  const algorithm = SIGNING_ALGORITHMS.find((known) => known === wanted)
  if (algorithm === undefined) {
    throw new CliError(
      EXIT.usage,
      `--signing-alg: expected one of ${SIGNING_ALGORITHMS.join(', ')}`,
    )
  }
  const key = readFileSync(path, 'utf8').trim()
  return { keys: { given: { algorithm, key } }, scope: args.text('scope') }
}

/** Like {@link sourcesOf}; without any path it is the current folder. */
export function sourcesHere(args: Arguments): PolicySources {
  if (args.texts('paths').length > 0 || args.texts('bundle').length > 0) return sourcesOf(args)
  return loadSources({ paths: ['.'] })
}

/** The engine's options for sources. */
export const compileOptions = (sources: PolicySources, args: Arguments): CompileOptions => ({
  modules: sources.modules,
  data: sources.data,
  regoVersion: args.flag('v0') ? 0 : sources.regoVersion,
})

/** Compiles; errors are shown with a caret, and end the command with 6. */
export async function compileOrExplain(
  options: CompileOptions,
  args: Arguments,
  terminal: Terminal,
): Promise<Policy> {
  return explaining(options.modules, args, terminal, () => compile(options))
}

/** Runs Rego; its errors are shown with a caret, and end the command with 6. */
export async function explaining<T>(
  modules: Readonly<Record<string, string>>,
  args: Arguments,
  terminal: Terminal,
  work: () => T,
): Promise<T> {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    if (args.flag('json')) await terminal.out(`${jsonText({ errors: error.errors })}\n`)
    else terminal.hint(renderErrors(error.errors, modules).trimEnd())
    throw new CliError(EXIT.checkFailed, countOf(error.errors))
  }
}

/** `1 error`, `2 errors`. */
export const countOf = (errors: readonly RegoErrorItem[]): string =>
  errors.length === 1 ? '1 error' : `${errors.length} errors`

/** The input that a command names, or `undefined`. */
export async function inputOf(args: Arguments, terminal: Terminal): Promise<Value | undefined> {
  const path = args.text('input')
  if (path === undefined) return undefined
  const text = path === '-' ? await terminal.readInput() : await readFile(path, 'utf8')
  try {
    return parseJson(text)
  } catch (error) {
    const reason = messageOf(error)
    throw new CliError(EXIT.error, `${path}: ${reason}`)
  }
}

/** JSON for people and programs. */
export const jsonText = (value: unknown): string => JSON.stringify(value, null, 2)
