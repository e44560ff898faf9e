import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { UsageError } from './exit-codes.ts'

/** The parsed command line of one command. */
export interface Arguments {
  /** The value of an option or argument; `undefined` when it was not given. */
  text(name: string): string | undefined
  /** Every value of a repeatable option or of the last, repeatable argument. */
  texts(name: string): readonly string[]
  flag(name: string): boolean
  /** A value that must be given; its absence is a usage error. */
  required(name: string): string
  /** A number; `undefined` when it was not given. */
  number(name: string, bounds?: Bounds): number | undefined
  /** Milliseconds of a duration such as `500ms`, `30s`, `5m`, `24h`; a bare number is seconds. */
  durationMs(name: string): number | undefined
}

/** What a number must be. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
  readonly whole?: boolean
}

type OptionConfig = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/**
 * Reads a command line strictly: unknown options, missing values and surplus arguments are usage
 * errors.
 *
 * @param variadic - Whether the last positional argument may be given any number of times.
 */
export function readArguments(
  rawArgs: readonly string[],
  definition: ArgsDef,
  variadic = false,
): Arguments {
  const { values, positionals } = parse(rawArgs, definition)
  const places = Object.entries(definition).filter(([, arg]) => arg.type === 'positional')
  if (!variadic && positionals.length > places.length) {
    throw new UsageError(`unexpected argument ${JSON.stringify(positionals[places.length])}`)
  }
  const found = new Map<string, readonly (boolean | string)[]>(Object.entries(values))
  for (const [index, [name, arg]] of places.entries()) {
    const isLast = index === places.length - 1
    const given = positionals.slice(index, variadic && isLast ? undefined : index + 1)
    if (given.length === 0 && arg.required !== false) {
      throw new UsageError(`${name.toUpperCase()} is missing`, 'See --help.')
    }
    found.set(name, given)
  }
  return accessTo(found)
}

function accessTo(found: ReadonlyMap<string, readonly (boolean | string)[]>): Arguments {
  const texts = (name: string): readonly string[] =>
    (found.get(name) ?? []).filter((value) => typeof value === 'string')
  const text = (name: string): string | undefined => texts(name).at(-1)
  return {
    text,
    texts,
    flag: (name) => found.get(name)?.at(-1) === true,
    required: (name) => {
      const value = text(name)
      if (value === undefined) throw new UsageError(`--${name} is missing`, 'See --help.')
      return value
    },
    number: (name, bounds) => {
      const value = text(name)
      return value === undefined ? undefined : readNumber(`--${name}`, value, bounds)
    },
    durationMs: (name) => {
      const value = text(name)
      return value === undefined ? undefined : readDurationMs(`--${name}`, value)
    },
  }
}

function parse(
  rawArgs: readonly string[],
  definition: ArgsDef,
): {
  readonly values: Readonly<Record<string, readonly (boolean | string)[]>>
  readonly positionals: readonly string[]
} {
  const options: OptionConfig = {}
  for (const [name, arg] of Object.entries(definition)) {
    if (arg.type === 'positional') continue
    const [short] = 'alias' in arg ? [arg.alias].flat() : []
    options[name] = {
      type: arg.type === 'boolean' ? 'boolean' : 'string',
      multiple: true,
      ...(short !== undefined && { short }),
    }
  }
  try {
    const parsed = parseArgs({ args: [...rawArgs], options, allowPositionals: true, strict: true })
    return {
      values: parsed.values as Readonly<Record<string, readonly (boolean | string)[]>>,
      positionals: parsed.positionals,
    }
  } catch (error) {
    const [message = 'wrong usage'] = (error instanceof Error ? error.message : '').split('. ')
    throw new UsageError(message, 'See --help.')
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** Reads a number within bounds; anything else is a usage error that names `what`. */
export function readNumber(what: string, text: string, bounds: Bounds = {}): number {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN
  const { min = -Infinity, max = Infinity, whole = false } = bounds
  if (
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    (!whole || Number.isInteger(value))
  ) {
    return value
  }
  const kind = whole ? 'a whole number' : 'a number'
  const from = min === -Infinity ? '' : ` from ${min}`
  const to = max === Infinity ? '' : ` to ${max}`
  throw new UsageError(`${what}: expected ${kind}${from}${to}, not ${JSON.stringify(text)}`)
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads a duration such as `500ms`, `30s`, `5m` or `24h`; a bare number is seconds. */
export function readDurationMs(what: string, text: string): number {
  const match = DURATION.exec(text.trim())
  const unitMs = UNIT_MS[match?.[2] ?? 's']
  if (match?.[1] === undefined || unitMs === undefined) {
    throw new UsageError(`${what}: expected a duration such as 500ms, 30s, 5m or 24h, not ${text}`)
  }
  return Number(match[1]) * unitMs
}
