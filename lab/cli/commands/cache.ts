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
  summary: 'Hit ratio cold, warm, thrashing and in a stampede, by what the server reports',
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
    keys: { type: 'string', valueHint: 'n', description: 'Keys that fit (default 1000).' },
    'thrash-keys': {
      type: 'string',
      valueHint: 'n',
      description: 'Keys that do not fit (default ten times as many).',
    },
    rate: { type: 'string', valueHint: 'n', description: 'Requests a second (default 500).' },
    duration: {
      type: 'string',
      valueHint: 'time',
      description: 'Of the warm and of the thrashing phase (default 10s).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'What takes longer has failed (default 10s).',
    },
    stampede: {
      type: 'string',
      valueHint: 'n',
      description: 'Requests at once for a new key (default 50).',
    },
    rounds: { type: 'string', valueHint: 'n', description: 'How many stampedes (default 5).' },
    'origin-counter': {
      type: 'string',
      valueHint: 'url#/pointer',
      description: 'Where the number of origin requests stands, as JSON.',
    },
    callers: {
      type: 'string',
      valueHint: 'tokens',
      description: 'Two bearer tokens, with a comma: their answers must be kept apart.',
    },
    'body-names-key': { type: 'boolean', description: 'Every body must contain its key.' },
    'hit-ratio': {
      type: 'string',
      valueHint: 'share',
      description: 'Fail if fewer are hits while warm, such as 0.95.',
    },
    'stampede-max': {
      type: 'string',
      valueHint: 'n',
      description: 'Fail if a stampede reaches the origin more often.',
    },
    insecure: { type: 'boolean', description: 'Take certificates that nobody vouches for.' },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): CacheOptions {
  if (common.target === undefined) throw new UsageError('--target is missing')
  const popularity = args.text('popularity') ?? 'hot'
  if (popularity !== 'hot' && popularity !== 'zipf') {
    throw new UsageError('--popularity: hot or zipf')
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
      '--origin-counter: a URL with a JSON pointer, such as http://127.0.0.1:9101/stats#/requests',
    )
  }
  url.hash = ''
  return { url: readTarget(url.href, allowRemote), pointer }
}

function readCallers(text: string | undefined): CacheOptions['callers'] {
  if (text === undefined) return null
  const [first, second, ...more] = readList(text)
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UsageError('--callers: two tokens with a comma between them')
  }
  return { headers: { first: `Bearer ${first}`, second: `Bearer ${second}` } }
}
