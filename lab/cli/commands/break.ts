import { breakExperiment } from '../../experiments/break/index.ts'
import type { BreakOptions } from '../../experiments/break/index.ts'
import { aimArgs, readAim } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { experimentCommand } from '../experiment-command.ts'

const STEP_MS = 10_000
const QUICK_STEP_MS = 3000

/** `lab break`: the highest rate that holds an objective. */
export const breakCommand = experimentCommand({
  summary: 'Find the highest rate at which an objective is met, and confirm it',
  experiment: breakExperiment,
  examples: [
    'tollgate lab break --target http://127.0.0.1:8080/scene --p99 50ms',
    'tollgate lab break --target http://127.0.0.1:8080/scene --p99 50ms --at-least 1000 --quick',
  ],
  args: {
    ...aimArgs,
    p99: {
      type: 'string',
      valueHint: 'time',
      description: 'The 99th percentile must be below this (default 100ms).',
    },
    errors: {
      type: 'string',
      valueHint: 'share',
      description: 'Failures must be below this share (default 0.001).',
    },
    from: {
      type: 'string',
      valueHint: 'n',
      description: 'First rate to try, requests per second (default 100).',
    },
    max: { type: 'string', valueHint: 'n', description: 'Highest rate to try (default 100000).' },
    step: {
      type: 'string',
      valueHint: 'time',
      description: 'Minimum time for each rate (default 10s).',
    },
    timeout: {
      type: 'string',
      valueHint: 'time',
      description: 'Requests that take longer have failed (default 5s).',
    },
    connections: {
      type: 'string',
      valueHint: 'n',
      description: 'Maximum number of connections (default 1000).',
    },
    processes: { type: 'string', valueHint: 'n', description: 'Sending processes (default 1).' },
    confirmations: {
      type: 'string',
      valueHint: 'n',
      description: 'Confirmations 5 % below and above the result (default 3).',
    },
    'at-least': {
      type: 'string',
      valueHint: 'n',
      description: 'Fail if the server cannot hold this rate.',
    },
  },
  options: readOptions,
})

function readOptions(args: Arguments, common: CommonOptions): BreakOptions {
  return {
    ...readAim(args, common),
    objective: {
      share: 0.99,
      limitMs: args.durationMs('p99') ?? 100,
      errorRateMax: args.number('errors', { min: 0, max: 1 }) ?? 0.001,
      goodputMin: 0.99,
    },
    rateFrom: args.number('from', { min: 1, max: 1_000_000 }) ?? 100,
    rateMax: args.number('max', { min: 1, max: 1_000_000 }) ?? 100_000,
    stepMs: args.durationMs('step') ?? (common.quick ? QUICK_STEP_MS : STEP_MS),
    timeoutMs: args.durationMs('timeout') ?? 5000,
    connectionsMax: args.number('connections', { min: 1, max: 200_000, whole: true }) ?? 1000,
    workers: args.number('processes', { min: 1, max: 64, whole: true }) ?? 1,
    confirmations: args.number('confirmations', { min: 1, max: 20, whole: true }) ?? 3,
    atLeast: args.number('at-least', { min: 0 }) ?? null,
  }
}
