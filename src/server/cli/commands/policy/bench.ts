import { jsonArg, leaf } from '../../command.ts'
import { wholeNumber } from '../../option-values.ts'
import { formatDuration } from '../../table.ts'
import { compileOptions, compileOrExplain, explaining, inputOf } from './sources.ts'
import { jsonText, queryArgs, sourcesOf } from './sources.ts'

const SAMPLES = 200
const SAMPLES_MAX = 999_999
/** A sample lasts at least this long, so that the clock can measure it. */
const SAMPLE_MS_MIN = 1
const NANOSECONDS_PER_MS = 1e6

/** The time that evaluation takes. A sample is a run of evaluations, and stands for their mean. */
interface Figures {
  readonly query: string
  readonly evaluations: number
  readonly samples: number
  readonly perSample: number
  readonly compileMs: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p95Ns: number
  readonly p99Ns: number
}

/** `tollgate policy bench`. */
export const benchCommand = leaf({
  name: 'bench',
  summary: 'Measure how long a query takes',
  args: {
    ...queryArgs,
    samples: { type: 'string', valueHint: 'n', description: `Default ${SAMPLES}.` },
    ...jsonArg,
  },
  examples: ['tollgate policy bench data.app.authz.allow --data policies/ --input request.json'],
  run: async (args, terminal) => {
    const samples = wholeNumber(
      '--samples',
      args.text('samples') ?? String(SAMPLES),
      1,
      SAMPLES_MAX,
    )
    const query = args.required('query')
    const sources = sourcesOf(args)
    const beginMs = performance.now()
    const policy = await compileOrExplain(compileOptions(sources, args), args, terminal)
    const input = await inputOf(args, terminal)
    const figures = await explaining(sources.modules, args, terminal, () => {
      const decide = policy.prepare(query)
      decide(input)
      const compileMs = performance.now() - beginMs
      return measure(query, () => decide(input), samples, compileMs)
    })
    await terminal.out(`${args.flag('json') ? jsonText(figures) : render(figures)}\n`)
  },
})

function measure(query: string, run: () => unknown, samples: number, compileMs: number): Figures {
  const perSample = calibrate(run)
  const means: number[] = []
  for (let sample = 0; sample < samples; sample += 1) {
    means.push((timeMs(run, perSample) / perSample) * NANOSECONDS_PER_MS)
  }
  means.sort((a, b) => a - b)
  const quantile = (q: number): number => means[Math.ceil(q * means.length) - 1] ?? 0
  return {
    query,
    evaluations: samples * perSample,
    samples,
    perSample,
    compileMs,
    meanNs: means.reduce((sum, mean) => sum + mean, 0) / means.length,
    p50Ns: quantile(0.5),
    p95Ns: quantile(0.95),
    p99Ns: quantile(0.99),
  }
}

/** Finds how many evaluations a sample needs, which also warms the code up. */
function calibrate(run: () => unknown): number {
  let count = 1
  while (timeMs(run, count) < SAMPLE_MS_MIN) count *= 2
  return count
}

function timeMs(run: () => unknown, count: number): number {
  const startMs = performance.now()
  for (let index = 0; index < count; index += 1) run()
  return performance.now() - startMs
}

const render = (figures: Figures): string =>
  [
    `compile  ${figures.compileMs.toFixed(1)} ms`,
    `mean     ${shown(figures.meanNs)}`,
    `p50      ${shown(figures.p50Ns)}`,
    `p95      ${shown(figures.p95Ns)}`,
    `p99      ${shown(figures.p99Ns)}`,
    `${figures.samples} samples of ${figures.perSample} evaluations`,
  ].join('\n')

const shown = (ns: number): string => formatDuration(ns < 1000 ? Math.round(ns) : ns)
