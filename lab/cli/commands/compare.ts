import type { Baseline, StoredRun } from '../../experiments/compare/index.ts'
import { compareExperiment, readHistory, readStoredRun } from '../../experiments/compare/index.ts'
import type { CommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { experimentCommand } from '../experiment-command.ts'
import { readRequest, requestArgs } from '../request-options.ts'
import { readTarget } from '../target.ts'

/** `lab compare`: whether a server got slower. */
export const compareCommand = experimentCommand({
  summary: 'Whether a server got slower than in a stored run, or is slower than another beside it',
  experiment: compareExperiment,
  args: {
    base: {
      type: 'positional',
      required: false,
      description:
        'Record of an earlier run, or URL of the old server (default: the newest of --history; otherwise this run becomes a baseline).',
    },
    history: {
      type: 'string',
      valueHint: 'path',
      description: 'Records of earlier runs, or folders of them, to show the trend; repeatable.',
    },
    ...requestArgs,
    budget: {
      type: 'string',
      valueHint: 'percent',
      description: 'Change that is tolerated (default 5%).',
    },
    blocks: {
      type: 'string',
      valueHint: 'n',
      description: 'Number of blocks (default 20; at least 6).',
    },
    slice: { type: 'string', valueHint: 'duration', description: 'Default 200ms.' },
    connections: { type: 'string', valueHint: 'n', description: 'Default 32.' },
  },
  examples: [
    'tollgate lab compare --target http://127.0.0.1:8080/scenes --out base.json',
    'tollgate lab compare base.json --target http://127.0.0.1:8080/scenes --budget 10%',
    'tollgate lab compare --history runs/ --target http://127.0.0.1:8080/scenes --out runs/today.json',
    'tollgate lab compare http://127.0.0.1:8081/scenes --target http://127.0.0.1:8080/scenes',
  ],
  options: async (args, common) => {
    if (common.target === undefined) throw new UsageError('--target is missing')
    const request = readRequest(args)
    const requestTo = (url: string) => ({ url, headers: common.headers, ...request })
    const { history, newest } = await readHistory(args.texts('history'))
    return {
      baseline: await readBase(args.text('base'), newest, common, requestTo),
      request: requestTo(common.target),
      allowRemote: common.allowRemote,
      connections: args.number('connections', { min: 1, max: 1000, whole: true }) ?? 32,
      sliceMs: args.durationMs('slice') ?? 200,
      blocks: args.number('blocks', { min: 6, max: 400, whole: true }) ?? (common.quick ? 8 : 20),
      budget: readPercent(args.text('budget') ?? '5%'),
      ...(args.texts('history').length > 0 && { history }),
    }
  },
})

async function readBase(
  base: string | undefined,
  newest: StoredRun | undefined,
  { allowRemote }: CommonOptions,
  requestTo: (url: string) => Extract<Baseline, { kind: 'interleaved' }>['request'],
): Promise<Baseline> {
  if (base === undefined) return newest === undefined ? { kind: 'none' } : storedBase(newest)
  if (!/^https?:/.test(base)) return storedBase(await readStoredRun(base))
  return { kind: 'interleaved', request: requestTo(readTarget(base, allowRemote)) }
}

const storedBase = ({ name, blocks, rate, fingerprint }: StoredRun): Baseline => ({
  kind: 'stored',
  name,
  blocks,
  rate,
  fingerprint,
})

function readPercent(text: string): number {
  const number = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1]
  if (number === undefined)
    throw new UsageError(`--budget: expected a share such as 5%, not ${text}`)
  return Number(number) / 100
}
