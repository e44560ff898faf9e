import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { nearest } from '../../core/config/nearest.ts'
import { messageOf } from '../../core/error-message.ts'
import { CliError, EXIT } from './exit-codes.ts'

/** The options of a command line, with every value of repeated ones, and its positional arguments. */
export interface StrictArguments {
  readonly values: Readonly<Record<string, readonly (string | boolean)[]>>
  readonly positionals: readonly string[]
}

type OptionConfig = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/**
 * Checks a command line against what the command accepts: unknown options, missing values and extra arguments are usage
 * errors, which suggest the spelling that was probably meant.
 *
 * @param variadic whether the last positional argument may be given any number of times
 */
export function parseStrictly(
  rawArgs: readonly string[],
  definition: ArgsDef,
  variadic = false,
): StrictArguments {
  const options: OptionConfig = {}
  const positionals = Object.values(definition).filter((arg) => arg.type === 'positional').length
  const positionalsMax = variadic ? Number.POSITIVE_INFINITY : positionals
  for (const [name, arg] of Object.entries(definition)) {
    if (arg.type === 'positional') continue
    const [short] = 'alias' in arg ? [arg.alias].flat() : []
    options[name] = {
      type: arg.type === 'boolean' ? 'boolean' : 'string',
      multiple: true,
      ...(short !== undefined && short.length === 1 && { short }),
    }
  }
  const unknown = rawArgs.find((arg) => isUnknown(arg, options))
  if (unknown !== undefined) {
    const name = unknown.replace(/^--?/, '').replace(/=.*$/, '')
    const meant = nearest(name, Object.keys(options))
    throw new CliError(EXIT.usage, `unknown option ${unknown.replace(/=.*$/, '')}`, {
      hint: meant === undefined ? 'See --help.' : `Did you mean --${meant}?`,
    })
  }
  try {
    const parsed = parseArgs({ args: [...rawArgs], options, allowPositionals: true, strict: true })
    if (parsed.positionals.length > positionalsMax) {
      const extra = parsed.positionals[positionalsMax] ?? ''
      throw new CliError(EXIT.usage, `unexpected argument ${JSON.stringify(extra)}`)
    }
    return {
      values: parsed.values as Readonly<Record<string, readonly (string | boolean)[]>>,
      positionals: parsed.positionals,
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(EXIT.usage, messageOf(error))
  }
}

function isUnknown(arg: string, options: OptionConfig): boolean {
  if (!arg.startsWith('--') || arg === '--') return false
  return !Object.hasOwn(options, arg.slice(2).replace(/=.*$/, ''))
}
