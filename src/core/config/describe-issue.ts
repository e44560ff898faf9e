import { z } from 'zod'
import type { ConfigErrorCode, ConfigPath } from './config-error.ts'
import type { Words } from './describe-value.ts'
import { CONFIG_WORDS, listWords } from './describe-value.ts'
import { nearest } from './nearest.ts'
import { allowedKeysAt } from './schema-walk.ts'

/** A mistake in a value, before its place in the file has been found. */
export interface Finding {
  readonly code: ConfigErrorCode
  readonly path: ConfigPath
  /** Whether the key at `path` is at fault rather than its value. */
  readonly at: 'key' | 'value'
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly suggestion?: string
}

type Issue = z.core.$ZodIssue
type Describe = (issue: Issue, path: ConfigPath, context: Context) => Finding[]

interface Context {
  readonly schema: z.core.$ZodType
  readonly valueAt: (path: ConfigPath) => unknown
  readonly words: Words
}

const defaultMessage = z.locales.en().localeError

/** What is wrong, in words, for every issue of a failed parse of `value` by `schema`. */
export function describeIssues(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  value: unknown,
  words: Words = CONFIG_WORDS,
): Finding[] {
  const context: Context = {
    schema,
    words,
    valueAt: (path) => path.reduce<unknown>((item, step) => childOf(item, step), value),
  }
  return issues.flatMap((issue) => describeIssue(issue, [], context))
}

function childOf(item: unknown, step: string | number): unknown {
  if (item === null || typeof item !== 'object' || !Object.hasOwn(item, step)) return undefined
  return (item as Readonly<Record<string | number, unknown>>)[step]
}

function describeIssue(issue: Issue, prefix: ConfigPath, context: Context): Finding[] {
  const path = [...prefix, ...issue.path.filter((step) => typeof step !== 'symbol')]
  if (issue.code !== 'custom' && issue.code !== 'invalid_union' && hasOwnMessage(issue)) {
    return [wrongValue(path, issue.message)]
  }
  return DESCRIBE[issue.code](issue, path, context)
}

const hasOwnMessage = (issue: Issue): boolean => {
  const standard = defaultMessage(issue as z.core.$ZodRawIssue)
  const text = typeof standard === 'string' ? standard : standard?.message
  // Without the input, the standard text of some codes says "received undefined".
  return text !== issue.message && !/^(Invalid|Too |Unrecognized)/.test(issue.message)
}

const wrongValue = (path: ConfigPath, message: string, more?: Partial<Finding>): Finding => ({
  code: 'wrong_value',
  path,
  at: 'value',
  message,
  ...more,
})

function expectation(path: ConfigPath, expected: string, context: Context): Finding {
  const found = context.words.value(context.valueAt(path))
  return wrongValue(path, `expected ${expected}, found ${found}`, { expected, found })
}

function typeFinding(path: ConfigPath, expected: string, context: Context): Finding {
  if (path.length > 0 && context.valueAt(path) === undefined) {
    const key = String(path.at(-1))
    const message = `the ${context.words.member} "${key}" is missing: expected ${expected}`
    return { code: 'missing_key', path, at: 'key', message, expected }
  }
  return { ...expectation(path, expected, context), code: 'wrong_type' }
}

const DESCRIBE: Readonly<Record<Issue['code'], Describe>> = {
  invalid_type: (issue, path, context) => [
    typeFinding(path, context.words.type(String(pick(issue, 'expected'))), context),
  ],
  invalid_value: (issue, path, context) => {
    const values = (pick(issue, 'values') as readonly unknown[]).map(String)
    return [choiceFinding(path, values, context)]
  },
  too_small: (issue, path, context) => [
    expectation(path, boundText(issue, 'minimum', 'at least', 'more than'), context),
  ],
  too_big: (issue, path, context) => [
    expectation(path, boundText(issue, 'maximum', 'at most', 'less than'), context),
  ],
  invalid_format: (issue, path, context) => {
    const format = String(pick(issue, 'format'))
    const pattern = pick(issue, 'pattern')
    const text = format === 'regex' ? `text that matches ${String(pattern)}` : FORMATS[format]
    return [expectation(path, text ?? `a valid ${format}`, context)]
  },
  not_multiple_of: (issue, path, context) => [
    expectation(path, `a multiple of ${String(pick(issue, 'divisor'))}`, context),
  ],
  unrecognized_keys: (issue, path, context) => {
    const allowed = allowedKeysAt(context.schema, path)
    return (pick(issue, 'keys') as readonly string[]).map((key) =>
      unknownKey(key, path, allowed, context.words),
    )
  },
  invalid_union: (issue, path, context) => unionFindings(issue, path, context),
  invalid_key: (issue, path, context) => {
    const inner = (pick(issue, 'issues') as readonly Issue[]).map((each) => each.message)
    const key = String(path.at(-1))
    const message = inner.find((text) => !text.startsWith('Invalid')) ?? 'not a valid key here'
    const finding = wrongValue(
      path,
      `the ${context.words.member} "${key}" is not accepted: ${message}`,
    )
    const known = allowedKeysAt(context.schema, path.slice(0, -1))
    const suggestion = nearest(key, known)
    return [{ ...finding, at: 'key', ...(suggestion !== undefined && { suggestion }) }]
  },
  invalid_element: (issue, path, context) =>
    (pick(issue, 'issues') as readonly Issue[]).flatMap((each) =>
      describeIssue(each, path, context),
    ),
  custom: (issue, path) => {
    const params = (pick(issue, 'params') ?? {}) as Readonly<Record<string, unknown>>
    const text = (name: string): string | undefined =>
      typeof params[name] === 'string' ? params[name] : undefined
    const [expected, found, suggestion] = [text('expected'), text('found'), text('suggestion')]
    return [
      wrongValue(path, issue.message, {
        ...(params['reference'] === true && { code: 'unknown_reference' }),
        ...(params['at'] === 'key' && { at: 'key' }),
        ...(expected !== undefined && { expected }),
        ...(found !== undefined && { found }),
        ...(suggestion !== undefined && { suggestion }),
      }),
    ]
  },
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  uuid: 'a UUID',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  datetime: 'a date and time (RFC 3339)',
  json_string: 'JSON text',
}

const pick = (issue: object, key: string): unknown =>
  (issue as Readonly<Record<string, unknown>>)[key]

const ORIGIN_UNITS: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' items',
  set: ' items',
  object: ' keys',
}

function boundText(issue: Issue, key: string, inclusive: string, exclusive: string): string {
  const words = pick(issue, 'inclusive') === false ? exclusive : inclusive
  const unit = ORIGIN_UNITS[String(pick(issue, 'origin'))]
  const number = unit === undefined ? 'a number of ' : ''
  return `${number}${words} ${String(pick(issue, key))}${unit ?? ''}`
}

function choiceFinding(path: ConfigPath, values: readonly string[], context: Context): Finding {
  const expected = listWords(values)
  const value = context.valueAt(path)
  if (value === undefined) return typeFinding(path, expected, context)
  const suggestion = typeof value === 'string' ? nearest(value, values) : undefined
  const finding = expectation(path, expected, context)
  return suggestion === undefined ? finding : { ...finding, suggestion }
}

function unknownKey(
  key: string,
  path: ConfigPath,
  allowed: readonly string[],
  { member }: Words,
): Finding {
  const suggestion = nearest(key, allowed)
  return {
    code: 'unknown_key',
    path: [...path, key],
    at: 'key',
    message: `the ${member} "${key}" is not known here`,
    ...(allowed.length > 0 && { expected: listWords([...allowed].sort()) }),
    ...(suggestion !== undefined && { suggestion }),
  }
}

/** Reports on the branch of a union that was most likely meant, or on all of them when none fits at all. */
function unionFindings(issue: Issue, path: ConfigPath, context: Context): Finding[] {
  if (Array.isArray(pick(issue, 'options'))) {
    const options = (pick(issue, 'options') as readonly unknown[]).map(String)
    return [choiceFinding(path, options, context)]
  }
  const branches = pick(issue, 'errors') as readonly (readonly Issue[])[]
  const meant = branches.filter((branch) => !branch.every(isWholeMismatch))
  const [best] = meant.toSorted((a, b) => a.length - b.length)
  if (best !== undefined) return best.flatMap((each) => describeIssue(each, path, context))
  const whole = branches.flat()
  const values = whole.flatMap((each) => (pick(each, 'values') as readonly unknown[]) ?? [])
  const types = whole
    .filter((each) => each.code === 'invalid_type')
    .map((each) => context.words.type(String(pick(each, 'expected'))))
  const words = [...new Set([...types, ...values.map(String)])]
  return types.length === 0
    ? [choiceFinding(path, words, context)]
    : [typeFinding(path, listWords(words), context)]
}

const isWholeMismatch = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
