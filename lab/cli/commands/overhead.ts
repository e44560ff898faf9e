import type { Arguments } from '../arguments.ts'
import type { CommonOptions } from '../common-options.ts'
import { readWord, UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readTarget } from '../target.ts'
import type { ArmSource } from '../../experiments/overhead/index.ts'
import { overheadExperiment, parseBudget, readArms } from '../../experiments/overhead/index.ts'

/** `lab overhead`: what each layer of a gate costs. */
export const overheadCommand = experimentCommand({
  summary: 'What each layer of a gate costs',
  args: {
    arms: {
      type: 'string',
      valueHint: 'file',
      description:
        'Arms from YAML, JSON or a module (default: the layers of a gate that the lab starts).',
    },
    only: {
      type: 'string',
      valueHint: 'layers',
      description: 'Only these layers of the gate, separated by commas.',
    },
    command: {
      type: 'string',
      valueHint: 'line',
      description: 'How to start the gate (default: the installed one).',
    },
    synthetic: {
      type: 'string',
      valueHint: 'layers',
      description:
        'Measure the synthetic server with layers of known cost, such as key=2,role=0.5 (µs).',
    },
    budget: {
      type: 'string',
      valueHint: 'limit',
      description:
        'A limit, such as "limits<5%", "all.throughput<20%", "all.p99<1ms"; may be repeated.',
    },
    connections: {
      type: 'string',
      valueHint: 'n',
      description: 'Connections for each arm (default 32).',
    },
    slice: {
      type: 'string',
      valueHint: 'duration',
      description: 'Length of one slice (default 200ms).',
    },
    for: {
      type: 'string',
      valueHint: 'duration',
      description: 'Time at saturation (default 2m); latency takes half as much again.',
    },
    blocks: { type: 'string', valueHint: 'n', description: 'At most (default 40).' },
    precision: {
      type: 'string',
      valueHint: 'share',
      description: 'Stop when intervals are within ± this (default 0.02).',
    },
    'latency-blocks': {
      type: 'string',
      valueHint: 'n',
      description: 'Blocks at the common rate (default 8; 0 for none).',
    },
  },
  examples: [
    'tollgate lab overhead --only identify,limits --budget "all<60%"',
    'tollgate lab overhead --arms arms.yaml --for 5m --out overhead.json',
    'tollgate lab overhead --synthetic dear=1,free=0',
  ],
  experiment: overheadExperiment,
  options: async (args, common) => ({
    source: await readSource(args, common),
    budgets: args.texts('budget').map(readWord(parseBudget)),
    connections: args.number('connections', { min: 1, max: 1000, whole: true }) ?? 32,
    sliceMs: args.durationMs('slice') ?? 200,
    // Fewer blocks cannot distinguish any cost from chance with as many arms as the gate's layers need.
    blocksMin: common.quick ? 6 : 12,
    blocksMax: args.number('blocks', { min: 6, max: 400, whole: true }) ?? (common.quick ? 6 : 40),
    durationMs: args.durationMs('for') ?? (common.quick ? 20_000 : 120_000),
    precision: args.number('precision', { min: 0.001, max: 1 }) ?? 0.02,
    latencyBlocks:
      args.number('latency-blocks', { min: 0, max: 400, whole: true }) ?? (common.quick ? 0 : 8),
  }),
})

async function readSource(args: Arguments, common: CommonOptions): Promise<ArmSource> {
  const file = args.text('arms')
  const synthetic = args.text('synthetic')
  if (common.target !== undefined) {
    throw new UsageError('a target alone has no layers', 'Write its variants to a file: --arms.')
  }
  if (file !== undefined && synthetic !== undefined) {
    throw new UsageError('--arms and --synthetic exclude each other')
  }
  if (file !== undefined) {
    const check = (url: string): string => readTarget(url, common.allowRemote)
    return { kind: 'given', ...(await readArms(file, check, common.headers)) }
  }
  if (synthetic !== undefined) return { kind: 'synthetic', layers: readLayers(synthetic) }
  return {
    kind: 'tollgate',
    command: args.text('command')?.split(/\s+/) ?? null,
    only: args.text('only')?.split(',') ?? [],
  }
}

function readLayers(text: string): Readonly<Record<string, number>> {
  const pairs = text.split(',').map((pair) => /^(\w+)=(\d+(?:\.\d+)?)$/.exec(pair.trim()))
  const layers = pairs.map((match) => {
    if (match === null) throw new UsageError('--synthetic: write name=microseconds, …')
    return [match[1] ?? '', Number(match[2])] as const
  })
  return Object.fromEntries(layers)
}
