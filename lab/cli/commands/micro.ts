import { microExperiment, parseMicroBudget } from '../../experiments/micro/index.ts'
import { readWord, UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'

/** `lab micro`: what single operations take. */
export const microCommand = experimentCommand({
  summary: 'What single operations take: time with intervals, and memory',
  args: {
    file: {
      type: 'positional',
      required: false,
      description: 'Module whose default export is defineMicro(…) (default: the gate itself).',
    },
    only: {
      type: 'string',
      valueHint: 'text',
      description: 'Only cases whose name contains this; may be repeated.',
    },
    budget: {
      type: 'string',
      valueHint: 'limit',
      description: 'A limit, such as "permission check<200ns"; may be repeated.',
    },
    processes: {
      type: 'string',
      valueHint: 'n',
      description: 'Processes for each case (default 5).',
    },
    sample: {
      type: 'string',
      valueHint: 'duration',
      description: 'Measuring time of one process (default 1s; warm-up half as long).',
    },
  },
  examples: [
    'tollgate lab micro',
    'tollgate lab micro --only authentication --processes 10',
    'tollgate lab micro cases.ts --budget "parse<5us"',
  ],
  experiment: microExperiment,
  options: (args, common) => {
    if (common.target !== undefined) throw new UsageError('micro-benchmarks have no --target')
    const sampleMs = args.durationMs('sample') ?? (common.quick ? 150 : 1000)
    return {
      file: args.text('file') ?? null,
      only: args.texts('only'),
      processes: args.number('processes', { min: 1, max: 100, whole: true }) ?? 5,
      points: common.quick ? 30 : 100,
      sampleMs,
      warmUpMs: sampleMs / 2,
      budgets: args.texts('budget').map(readWord(parseMicroBudget)),
    }
  },
})
