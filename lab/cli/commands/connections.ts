import { connectionsExperiment } from '../../experiments/connections/index.ts'
import type { ConnectionsOptions } from '../../experiments/connections/index.ts'
import { aimArgs, readAim, readList } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import { readNumber } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'

const STEPS = '100,1000,5000,10000'
const QUICK_STEPS = '100,1000'
const CONNECTIONS_MAX = 200_000

/** `lab connections`: a ladder of open connections. */
export const connectionsCommand = experimentCommand({
  summary: 'Climb a ladder of open connections: memory and latency of each step',
  experiment: connectionsExperiment,
  examples: [
    'tollgate lab connections --target http://127.0.0.1:8080/scene',
    'tollgate lab connections --target http://127.0.0.1:8080/scene --steps 1000,10000,30000 --rate 2000',
  ],
  args: {
    ...aimArgs,
    steps: {
      type: 'string',
      valueHint: 'list',
      description: `Connections of each step (default ${STEPS}).`,
    },
    hold: {
      type: 'string',
      valueHint: 'time',
      description: 'How long all of them are held open (default 10s).',
    },
    rate: {
      type: 'string',
      valueHint: 'n',
      description: 'Requests per second over all of them (default 500).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'Requests that take longer have failed (default 10s).',
    },
    p99: {
      type: 'string',
      valueHint: 'time',
      description: 'Fail if the 99th percentile of a step is above this.',
    },
    pid: {
      type: 'string',
      valueHint: 'n',
      description: 'Process whose memory is read (default: the one that listens on the port).',
    },
    sources: {
      type: 'string',
      valueHint: 'addresses',
      description: 'Local addresses to connect from (default: as many as are needed).',
    },
    processes: {
      type: 'string',
      valueHint: 'n',
      description: 'Sending processes (default: as many as are needed).',
    },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): ConnectionsOptions {
  const steps = readList(args.text('steps') ?? (common.quick ? QUICK_STEPS : STEPS)).map((step) =>
    readNumber('--steps', step, { min: 1, max: CONNECTIONS_MAX, whole: true }),
  )
  if (steps.length === 0) throw new UsageError('--steps: at least one number of connections')
  return {
    ...readAim(args, common),
    steps: steps.toSorted((a, b) => a - b),
    holdMs: args.durationMs('hold') ?? (common.quick ? 3000 : 10_000),
    rate: args.number('rate', { min: 1, max: 1_000_000 }) ?? 500,
    timeoutMs: args.durationMs('timeout') ?? 10_000,
    p99Ms: args.durationMs('p99') ?? null,
    pid: args.number('pid', { min: 2, whole: true }) ?? null,
    sources: readList(args.text('sources')),
    workers: args.number('processes', { min: 1, max: 64, whole: true }) ?? 1,
  }
}
