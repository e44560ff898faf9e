/**
 * Counts how often the intervals that the lab prints contain the true value. It simulates servers and machines whose
 * true values are known, and lets the analyses of the lab compute their figures from that raw data. Nothing is
 * measured, so the machine may be busy, and the same seed gives the same table anywhere.
 *
 *     node bin/bun.mjs lab/bench/coverage.ts --help
 */
import { parseArgs } from 'node:util'
import { createRandom } from '../core/index.ts'
import { wilson } from '../statistics/index.ts'
import { comparisonStudies } from './simulated/comparisons.ts'
import { otherStudies } from './simulated/courses.ts'
import { loadStudies } from './simulated/loads.ts'
import type { Coverage, Study } from './simulated/study.ts'
import { coverageOf } from './simulated/study.ts'

const HELP = `Simulates servers whose true values are known and says how often each interval of the lab contains them.

  node bin/bun.mjs lab/bench/coverage.ts [options]

  --runs N         runs of each server (default 100; about four minutes)
  --seconds LIST   how long loads last (default 30,300)
  --only TEXT      only servers and experiments whose name contains this, such as load or moods
  --seed N         default 1
  --json           the table as JSON

Columns: the share of intervals that contain the true value, in percent, and the share that should; the interval of the
former (Wilson, 95 %); the width of the intervals relative to the true value. Runs without an interval do not count.
`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30,300' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** What has been counted of one study. */
interface Counted {
  readonly study: Pick<Study, 'experiment' | 'server' | 'size'>
  readonly coverages: readonly Coverage[]
}

const percent = (share: number): string => (share * 100).toFixed(1)

function rowOf({ experiment, server, size }: Counted['study'], coverage: Coverage): string[] {
  const { figure, held, runs, confidence, width } = coverage
  const { low, high } = wilson(held, runs)
  return [
    experiment,
    server,
    size,
    figure,
    percent(held / runs),
    `${percent(low)}–${percent(high)}`,
    percent(confidence),
    width === undefined ? '' : `${percent(width)} %`,
    String(runs),
  ]
}

const HEAD = ['experiment', 'server', 'size', 'figure', 'held', '(95 %)', 'of', 'width', 'runs']

function renderTable(counted: readonly Counted[]): string {
  const rows = counted.flatMap(({ study, coverages }) =>
    coverages.map((coverage) => rowOf(study, coverage)),
  )
  const widths = HEAD.map((label, at) =>
    Math.max(label.length, ...rows.map((row) => row[at]!.length)),
  )
  return [HEAD, ...rows]
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min) return value
  process.stderr.write(`--${name}: a whole number of at least ${min} is expected, not ${text}\n`)
  return process.exit(2)
}

if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const runs = wholeNumber('runs', values.runs, 1)
const random = createRandom(wholeNumber('seed', values.seed, 0))
const lengths = values.seconds.split(',').map((text) => wholeNumber('seconds', text, 1))
const studies = [
  ...lengths.flatMap((seconds) => loadStudies(seconds, random.fork(`truth ${seconds}`))),
  ...comparisonStudies,
  ...otherStudies,
].filter(({ experiment, server }) => `${experiment} ${server}`.includes(values.only))

const counted = studies.map((study, at): Counted => {
  const { experiment, server, size } = study
  process.stderr.write(`${at + 1} of ${studies.length}: ${experiment}, ${server}, ${size}\n`)
  const coverages = coverageOf(study, runs, random.fork(`${experiment} ${server} ${size}`))
  return { study: { experiment, server, size }, coverages }
})
process.stdout.write(values.json ? `${JSON.stringify(counted)}\n` : `${renderTable(counted)}\n`)
