import type { ScaleOptions, ScaleSubject } from '../../experiments/scale/index.ts'
import { scaleExperiment } from '../../experiments/scale/index.ts'
import type { Arguments } from '../arguments.ts'
import { readNumber } from '../arguments.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'

/** `lab scale`: how throughput grows with the number of instances. */
export const scaleCommand = experimentCommand({
  summary: 'How throughput grows from 1 to N instances: Universal Scalability Law with intervals',
  experiment: scaleExperiment,
  args: {
    command: {
      type: 'string',
      valueHint: 'line',
      description: 'Starts an instance; {port} becomes the port to listen on at 127.0.0.1.',
    },
    synthetic: {
      type: 'string',
      valueHint: 'n,ms',
      description:
        'Measure synthetic instances: requests served at a time and milliseconds for each, such as 4,20.',
    },
    path: { type: 'string', valueHint: 'path', description: 'Path to request (default /).' },
    status: { type: 'string', valueHint: 'n', description: 'Status expected (default 200).' },
    sizes: { type: 'string', valueHint: 'list', description: 'Default 1,2,3,4,5.' },
    repeats: { type: 'string', valueHint: 'n', description: 'Repeats of each size (default 5).' },
    slice: { type: 'string', valueHint: 'duration', description: 'Default 1s.' },
    connections: {
      type: 'string',
      valueHint: 'n',
      description: 'Connections to each instance (default 16).',
    },
    efficiency: {
      type: 'string',
      valueHint: 'percent',
      description:
        'Fail if N instances, the largest size, reach less than this share of N times one, such as 80%.',
    },
  },
  examples: [
    'tollgate lab scale --command "node server.js {port}" --efficiency 80%',
    'tollgate lab scale --synthetic 4,20 --sizes 1,2,3,4,6,8',
  ],
  options: (args, common): ScaleOptions => {
    if (common.target !== undefined) {
      throw new UsageError('lab scale starts its own instances', 'Use --command, with {port}.')
    }
    const subject = readSubject(args)
    const sizes = (args.text('sizes') ?? '1,2,3,4,5')
      .split(',')
      .map((text) => readNumber('--sizes', text, { min: 1, max: 64, whole: true }))
    return {
      subject,
      path: args.text('path') ?? (subject.kind === 'synthetic' ? '/capacity' : '/'),
      headers: common.headers,
      status: args.number('status', { min: 100, max: 599, whole: true }) ?? 200,
      sizes: [...new Set(sizes)].toSorted((a, b) => a - b),
      repeats: args.number('repeats', { min: 1, max: 100, whole: true }) ?? (common.quick ? 3 : 5),
      sliceMs: args.durationMs('slice') ?? (common.quick ? 300 : 1000),
      connections: args.number('connections', { min: 1, max: 1000, whole: true }) ?? 16,
      efficiencyMin: readEfficiency(args.text('efficiency')),
    }
  },
})

function readSubject(args: Arguments): ScaleSubject {
  const command = args.text('command')
  const synthetic = args.text('synthetic')
  if (command !== undefined && synthetic !== undefined) {
    throw new UsageError('--command or --synthetic, not both')
  }
  if (command !== undefined) return { kind: 'command', command }
  if (synthetic === undefined) throw new UsageError('--command is missing', 'See --help.')
  const [concurrent = '', serviceMs = ''] = synthetic.split(',')
  return {
    kind: 'synthetic',
    concurrent: readNumber('--synthetic', concurrent, { min: 1, max: 1000, whole: true }),
    serviceMs: readNumber('--synthetic', serviceMs, { min: 1, max: 10_000 }),
  }
}

function readEfficiency(text: string | undefined): number | null {
  if (text === undefined) return null
  return readNumber('--efficiency', text.replace(/\s*%$/, ''), { min: 1, max: 100 }) / 100
}
