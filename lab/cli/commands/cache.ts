import { cacheExperiment } from '../../experiments/cache/index.ts'
import type { CacheOptions } from '../../experiments/cache/index.ts'
import { readList } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readTarget } from '../target.ts'

/** `lab cache`: how often a cache spares its origin, and whether its answers are right. */
export const cacheCommand = experimentCommand({
  summary: 'Hit ratio cold, warm, thrashing and in a stampede, as the server reports it',
  experiment: cacheExperiment,
  examples: [
    "tollgate lab cache --target 'http://127.0.0.1:8080/items/{key}' --hit-ratio 0.95",
    "tollgate lab cache --target 'http://127.0.0.1:8080/items/{key}' --popularity zipf --origin-counter http://127.0.0.1:9101/stats#/requests",
  ],
  args: {
    popularity: {
      type: 'string',
      valueHint: 'kind',
      description: 'hot: 80 % of the requests for 20 % of the keys (default); zipf.',
    },
    exponent: { type: 'string', valueHint: 'n', description: 'For zipf (default 1).' },
    keys: {
      type: 'string',
      valueHint: 'n',
      description: 'Number of keys that fit into the cache (default 1000).',
    },
    'thrash-keys': {
      type: 'string',
      valueHint: 'n',
      description: 'Number of keys that do not fit (default ten times as many).',
    },
    rate: { type: 'string', valueHint: 'n', description: 'Requests per second (default 500).' },
    duration: {
      type: 'string',
      valueHint: 'time',
      description: 'Length of the warm and of the thrashing phase (default 10s).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'Requests that take longer have failed (default 10s).',
    },
    stampede: {
      type: 'string',
      valueHint: 'n',
      description: 'Simultaneous requests for a new key (default 50).',
    },
    rounds: { type: 'string', valueHint: 'n', description: 'Number of stampedes (default 5).' },
    'origin-counter': {
      type: 'string',
      valueHint: 'url#/pointer',
      description: 'Where to read the number of origin requests from JSON.',
    },
    callers: {
      type: 'string',
      valueHint: 'tokens',
      description: 'Two bearer tokens, separated by a comma, whose answers must be kept apart.',
    },
    'body-names-key': { type: 'boolean', description: 'Every body must contain its key.' },
    'hit-ratio': {
      type: 'string',
      valueHint: 'share',
      description: 'Fail if the hit ratio while warm is lower, such as 0.95.',
    },
    'stampede-max': {
      type: 'string',
      valueHint: 'n',
      description: 'Fail if a stampede causes more origin requests.',
    },
    insecure: { type: 'boolean', description: 'Accept certificates that cannot be verified.' },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): CacheOptions {
  if (common.target === undefined) throw new UsageError('--target is missing')
  const popularity = args.text('popularity') ?? 'hot'
  if (popularity !== 'hot' && popularity !== 'zipf') {
    throw new UsageError('--popularity: expected hot or zipf')
  }
  const keys = args.number('keys', { min: 10, max: 1_000_000, whole: true }) ?? 1000
  const quickly = common.quick ? 2000 : 10_000
  return {
    target: common.target,
    allowRemote: common.allowRemote,
    insecure: args.flag('insecure'),
    headers: common.headers,
    popularity,
    exponent: args.number('exponent', { min: 0.01, max: 10 }) ?? 1,
    keys,
    thrashKeys:
      args.number('thrash-keys', { min: 10, max: 1_000_000, whole: true }) ??
      Math.min(1_000_000, keys * 10),
    rate: args.number('rate', { min: 1, max: 1_000_000 }) ?? 500,
    phaseMs: args.durationMs('duration') ?? quickly,
    timeoutMs: args.durationMs('timeout') ?? 10_000,
    stampede: {
      requests: args.number('stampede', { min: 2, max: 200, whole: true }) ?? 50,
      rounds: args.number('rounds', { min: 1, max: 1000, whole: true }) ?? 5,
    },
    originCounter: readCounter(args.text('origin-counter'), common.allowRemote),
    callers: readCallers(args.text('callers')),
    bodyNamesKey: args.flag('body-names-key'),
    hitRatioMin: args.number('hit-ratio', { min: 0, max: 1 }) ?? null,
    stampedeMax: args.number('stampede-max', { min: 0 }) ?? null,
  }
}

function readCounter(
  text: string | undefined,
  allowRemote: boolean,
): CacheOptions['originCounter'] {
  if (text === undefined) return null
  const url = URL.parse(text)
  const pointer = url === null ? '' : decodeURIComponent(url.hash.slice(1))
  if (url === null || !pointer.startsWith('/')) {
    throw new UsageError(
      '--origin-counter: expected a URL with a JSON Pointer, such as http://127.0.0.1:9101/stats#/requests',
    )
  }
  url.hash = ''
  return { url: readTarget(url.href, allowRemote), pointer }
}

function readCallers(text: string | undefined): CacheOptions['callers'] {
  if (text === undefined) return null
  const [first, second, ...more] = readList(text)
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UsageError('--callers: expected two tokens, separated by a comma')
  }
  return { headers: { first: `Bearer ${first}`, second: `Bearer ${second}` } }
}
