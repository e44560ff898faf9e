import type { LeakOptions, LeakSubject } from '../../experiments/leak/index.ts'
import { leakExperiment, WINDOWS_MIN } from '../../experiments/leak/index.ts'
import { aimArgs, readAim } from '../aim-options.ts'
import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readTarget } from '../target.ts'

const HOUR_MS = 3_600_000
const CONTROL_MS_MAX = 300_000

/** `lab leak`: whether memory grows with the number of requests. */
export const leakCommand = experimentCommand({
  summary: 'Whether memory leaks: a long load, with a known leak and an idle server as controls',
  experiment: leakExperiment,
  args: {
    ...aimArgs,
    rate: { type: 'string', valueHint: 'n', description: 'Requests per second (default 200).' },
    hours: {
      type: 'string',
      valueHint: 'n',
      description: 'Length of the load in hours, such as 24 for a soak.',
    },
    for: {
      type: 'string',
      valueHint: 'duration',
      description:
        'Length of the load (default 3m). A warm-up of a sixth of it, at most 1m, comes before; phases without load and with a known leak, each half as long, at most 5m, come after.',
    },
    windows: {
      type: 'string',
      valueHint: 'n',
      description: 'Number of windows, at least 12 (default 24).',
    },
    'memory-url': {
      type: 'string',
      valueHint: 'url',
      description:
        'URL that reports the heap size, as JSON or metrics; resident memory is read from the process.',
    },
    'memory-path': {
      type: 'string',
      valueHint: 'path',
      description:
        'JSON Pointer to the heap size, or name of the metric (default tollgate_process_heap_used_bytes).',
    },
    'collect-url': {
      type: 'string',
      valueHint: 'url',
      description:
        'URL that makes the server collect garbage; requested (POST) before each reading.',
    },
    pid: {
      type: 'string',
      valueHint: 'n',
      description: 'Process of the server (default: found by its port).',
    },
    synthetic: {
      type: 'string',
      valueHint: 'bytes',
      description: 'Measure the synthetic server, which leaks this much with each request.',
    },
  },
  examples: [
    'tollgate lab leak --target http://127.0.0.1:8080/scenes --hours 24 --out leak.json',
    'tollgate lab leak --target http://127.0.0.1:8080/ --memory-url http://127.0.0.1:8081/metrics',
    'tollgate lab leak --synthetic 2000 --for 1m',
  ],
  options: (args, common): LeakOptions => {
    const hours = args.number('hours', { min: 0.01, max: 1000 })
    const short = common.quick ? 36_000 : 180_000
    const durationMs =
      hours === undefined ? (args.durationMs('for') ?? short) : Math.round(hours * HOUR_MS)
    if (durationMs < 6000) throw new UsageError('a leak is not seen in less than 6 seconds')
    return {
      subject: readSubject(args, common),
      rate: args.number('rate', { min: 1, max: 100_000 }) ?? 200,
      durationMs,
      warmUpMs: Math.min(durationMs / 6, 60_000),
      windows: args.number('windows', { min: WINDOWS_MIN, max: 1000, whole: true }) ?? 24,
      controlMs: Math.min(durationMs / 2, CONTROL_MS_MAX),
    }
  },
})

function readSubject(args: Arguments, common: CommonOptions): LeakSubject {
  const leakBytes = args.number('synthetic', { min: 0, max: 1e6, whole: true })
  if (leakBytes !== undefined) {
    if (common.target !== undefined) throw new UsageError('--target or --synthetic, not both')
    return { kind: 'synthetic', leakBytes }
  }
  const url = (name: string): string | null => {
    const text = args.text(name)
    return text === undefined ? null : readTarget(text, common.allowRemote)
  }
  return {
    kind: 'target',
    aim: readAim(args, common),
    memory: {
      url: url('memory-url'),
      path: args.text('memory-path') ?? 'tollgate_process_heap_used_bytes',
      collectUrl: url('collect-url'),
      collectMethod: 'POST',
      headers: common.headers,
      pid: args.number('pid', { min: 1, whole: true }) ?? null,
    },
  }
}
