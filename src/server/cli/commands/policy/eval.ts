import type { Policy, Value } from '../../../../rego/index.ts'
import { parseJson, RegoError, stringifyJson } from '../../../../rego/index.ts'
import type { Arguments } from '../../command.ts'
import { jsonArg, leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { compileOptions, compileOrExplain, explaining, inputOf, queryArgs } from './sources.ts'
import { sourcesOf } from './sources.ts'

/** One way to make the query true. */
interface Result {
  /** The value, if the query is a term. */
  readonly value?: Value
  readonly bindings: Readonly<Record<string, Value>>
}

const FORMATS = ['pretty', 'json', 'values', 'bindings', 'raw'] as const
type Format = (typeof FORMATS)[number]

/** `tollgate policy eval`. */
export const evalCommand = leaf({
  name: 'eval',
  summary: 'Evaluate a query',
  args: {
    ...queryArgs,
    format: { type: 'enum', options: [...FORMATS], description: 'Default pretty.' },
    strict: {
      type: 'boolean',
      description: 'Treat failing built-ins as errors instead of undefined.',
    },
    fail: { type: 'boolean', description: 'Exit with 6 when the query is undefined.' },
    ...jsonArg,
  },
  examples: [
    'tollgate policy eval data.app.authz.allow --data policies/ --input request.json',
    "tollgate policy eval 'x := data.app.users[i]; x.admin' --data users.json --format bindings",
  ],
  run: async (args, terminal) => {
    const sources = sourcesOf(args)
    const options = {
      ...compileOptions(sources, args),
      print: (message: string) => terminal.hint(message),
    }
    const policy = await compileOrExplain(options, args, terminal)
    const query = args.required('query')
    const input = await inputOf(args, terminal)
    const results = await explaining(sources.modules, args, terminal, () =>
      resultsOf(policy, query, input, args.flag('strict')),
    )
    const text = render(results, formatOf(args), query)
    if (text !== '') await terminal.out(`${text}\n`)
    if (args.flag('fail') && results.length === 0) {
      throw new CliError(EXIT.checkFailed, `${query} is undefined`)
    }
  },
})

function formatOf(args: Arguments): Format {
  const format = args.text('format')
  const wanted = FORMATS.find((known) => known === format)
  if (format !== undefined && wanted === undefined) {
    throw new CliError(EXIT.usage, `--format: expected one of ${FORMATS.join(', ')}`)
  }
  return wanted ?? (args.flag('json') ? 'json' : 'pretty')
}

/** A name that no variable of a query has. */
const VALUE = 'tollgate_value_of_the_query'

/** A term has a value, and so do its variables; any other query has only variables. */
function resultsOf(
  policy: Policy,
  query: string,
  input: Value | undefined,
  strictBuiltinErrors: boolean,
): Result[] {
  const options = { strictBuiltinErrors, ...(input !== undefined && { input }) }
  const asTerm = isTerm(policy, query) ? `${VALUE} := ${query}` : query
  return policy.query(asTerm, options).map(resultOf)
}

function resultOf({ [VALUE]: value, ...bindings }: Readonly<Record<string, Value>>): Result {
  return value === undefined ? { bindings } : { value, bindings }
}

/** Whether a query may stand to the right of an assignment, with nothing after it. */
function isTerm(policy: Policy, query: string): boolean {
  try {
    // Brackets hold one term; `a; b` and `x := 1` are not terms.
    policy.dependencies(`[1 | ${VALUE} := (${query})]`)
    return true
  } catch (error) {
    if (!(error instanceof RegoError)) throw error
    return error.code !== 'rego_parse_error'
  }
}

const RENDERERS: Readonly<Record<Format, (results: readonly Result[], query: string) => string>> = {
  json: (results, text) => {
    if (results.length === 0) return '{}'
    const result = results.map(({ value, bindings }) => ({
      expressions: [{ value: value ?? true, text, location: { row: 1, col: 1 } }],
      ...(Object.keys(bindings).length > 0 && { bindings }),
    }))
    return indented({ result })
  },
  values: (results) => indented(results.map(({ value }) => value ?? true)),
  bindings: (results) => indented(results.map(({ bindings }) => bindings)),
  raw: (results) =>
    results
      .map(({ value = true }) => (typeof value === 'string' ? value : stringifyJson(value)))
      .join('\n'),
  pretty: (results) => {
    if (results.length === 0) return 'undefined'
    return results
      .map(({ value, bindings }) => {
        const names = Object.entries(bindings).map(([name, item]) => `${name} = ${plain(item)}`)
        const own = value === undefined ? [] : [indented(value)]
        return names.length + own.length === 0 ? 'true' : [...own, ...names].join('\n')
      })
      .join('\n')
  },
}

const render = (results: readonly Result[], format: Format, query: string): string =>
  RENDERERS[format](results, query)

const plain = (value: Value): string => stringifyJson(value)

/** Numbers stay unchanged: the engine writes the text, which is only broken into lines here. */
function indented(value: unknown): string {
  const text = stringifyJson(value as Value)
  const pretty = JSON.stringify(JSON.parse(text), null, 2)
  return stringifyJson(parseJson(pretty)) === text ? pretty : text
}
