import { loadExperiment } from '../../experiments/load/index.ts'
import type { LoadOptions } from '../../experiments/load/index.ts'
import { SHAPES, isShapeName, parseThreshold } from '../../load/index.ts'
import { aimArgs, readAim, readList } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { readWord, UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readThinkTime } from '../think-option.ts'

const WORKERS_MAX = 64
const TIMEOUT_MS = 10_000
const QUICK_MS = 5000

/** `lab load`: load of a given shape, checked against thresholds. */
export const loadCommand = experimentCommand({
  summary: 'Put load of a given shape on a server and check it against thresholds',
  experiment: loadExperiment,
  examples: [
    "tollgate lab load --target http://127.0.0.1:8080/scene --rate 100 --duration 30s --threshold 'p99<50ms'",
    'tollgate lab load --target http://127.0.0.1:8080/ --users 50 --think exponential:1s --shape ramp',
    'tollgate lab load --target http://127.0.0.1:8080 --scenario lab/scenarios/store-recall.ts',
  ],
  args: {
    ...aimArgs,
    rate: {
      type: 'string',
      valueHint: 'n',
      description: 'Requests per second, planned whether or not answers come.',
    },
    users: {
      type: 'string',
      valueHint: 'n',
      description: 'Instead: number of users, who wait for their answers.',
    },
    shape: {
      type: 'string',
      valueHint: 'name',
      description: `Course over time: ${Object.keys(SHAPES).join(', ')} (default steady).`,
    },
    base: {
      type: 'string',
      valueHint: 'n',
      description: 'Level at which ramps begin, and between bursts and spikes.',
    },
    count: { type: 'string', valueHint: 'n', description: 'Number of stairs, bursts or waves.' },
    duration: { type: 'string', valueHint: 'time', description: 'How long (default 30s).' },
    'warm-up': {
      type: 'string',
      valueHint: 'time',
      description: 'Time at the start that does not count (default a tenth, at most 3s).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'Requests that take longer have failed (default 10s).',
    },
    arrivals: { type: 'string', valueHint: 'kind', description: 'poisson (default) or constant.' },
    think: {
      type: 'string',
      valueHint: 'time',
      description: 'Pause of users: 2s, exponential:2s or lognormal:2s:0.5.',
    },
    connections: {
      type: 'string',
      valueHint: 'n',
      description: 'Maximum number of connections (default 1000, or one for each user).',
    },
    sources: {
      type: 'string',
      valueHint: 'addresses',
      description: 'Local addresses to connect from, such as 127.0.0.2,127.0.0.3.',
    },
    processes: { type: 'string', valueHint: 'n', description: 'Sending processes (default 1).' },
    workers: {
      type: 'string',
      valueHint: 'addresses',
      description:
        'Workers on other machines, host:port separated by commas; token in TOLLGATE_LAB_TOKEN.',
    },
    threshold: {
      type: 'string',
      alias: 't',
      valueHint: 'condition',
      description: 'p99<50ms, p95{name}<20ms, error_rate<1%, rps>1000; may be repeated.',
    },
    'abort-after': {
      type: 'string',
      valueHint: 'time',
      description: 'End the run when a threshold has failed for this long.',
    },
    backfill: {
      type: 'string',
      valueHint: 'time',
      description: 'With --users: also estimate what an open load would see, at this interval.',
    },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): LoadOptions {
  const aim = readAim(args, common)
  const rate = args.number('rate', { min: 0.001, max: 1_000_000 })
  const users = args.number('users', { min: 1, max: 200_000, whole: true })
  if (rate !== undefined && users !== undefined) {
    throw new UsageError('--rate or --users, not both')
  }
  const shape = args.text('shape') ?? null
  if (shape !== null && !isShapeName(shape)) {
    throw new UsageError(`--shape: one of ${Object.keys(SHAPES).join(', ')}, not ${shape}`)
  }
  const arrivals = args.text('arrivals') ?? 'poisson'
  if (arrivals !== 'poisson' && arrivals !== 'constant') {
    throw new UsageError('--arrivals: expected poisson or constant')
  }
  const thresholds = args.texts('threshold')
  thresholds.forEach(readWord(parseThreshold))
  const think = args.text('think')
  const model = users === undefined ? (rate === undefined ? null : 'open') : 'closed'
  return {
    ...aim,
    model,
    shape,
    level: rate ?? users ?? null,
    base: args.number('base', { min: 0 }) ?? null,
    count: args.number('count', { min: 1, max: 1000, whole: true }) ?? null,
    durationMs: args.durationMs('duration') ?? (common.quick ? QUICK_MS : null),
    warmUpMs: args.durationMs('warm-up') ?? null,
    timeoutMs: args.durationMs('timeout') ?? TIMEOUT_MS,
    arrivals,
    think: think === undefined ? null : readThinkTime(think),
    connectionsMax: args.number('connections', { min: 1, max: 200_000, whole: true }) ?? null,
    sources: readList(args.text('sources')),
    workers: args.number('processes', { min: 1, max: WORKERS_MAX, whole: true }) ?? 1,
    remote: readWorkers(args.text('workers')),
    thresholds,
    abortAfterMs: args.durationMs('abort-after') ?? null,
    backfillMs: args.durationMs('backfill') ?? null,
  }
}

function readWorkers(text: string | undefined): LoadOptions['remote'] {
  const urls = readList(text).map((address) =>
    /^https?:\/\//.test(address) ? address : `http://${address}`,
  )
  const wrong = urls.find((url) => URL.parse(url) === null)
  if (wrong !== undefined) throw new UsageError(`--workers: ${wrong} is not an address`)
  if (urls.length === 0) return { urls, headers: {} }
  const token = process.env['TOLLGATE_LAB_TOKEN']
  if (token === undefined) {
    throw new UsageError('--workers needs their token in TOLLGATE_LAB_TOKEN')
  }
  return { urls, headers: { authorization: `Bearer ${token}` } }
}
