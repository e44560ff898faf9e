import type { TestReport, TestResult } from '../../../../rego/index.ts'
import { renderErrors, runTests } from '../../../../rego/index.ts'
import type { Arguments } from '../../command.ts'
import { jsonArg, leaf } from '../../command.ts'
import { CliError, EXIT } from '../../exit-codes.ts'
import { compileOptions, explaining, jsonText, pathsArgs, sourcesHere } from './sources.ts'

/** `tollgate policy test`. */
export const testCommand = leaf({
  name: 'test',
  summary: 'Run the rules named test_…, as `opa test` does',
  args: {
    ...pathsArgs,
    run: {
      type: 'string',
      valueHint: 'pattern',
      description: 'Only run tests whose name matches.',
    },
    verbose: {
      type: 'boolean',
      alias: 'v',
      description: 'Also show passing tests, and printed output.',
    },
    coverage: { type: 'boolean', description: 'Show which lines no test evaluates.' },
    threshold: {
      type: 'string',
      valueHint: 'percent',
      description: 'Fail when a smaller share of the lines is covered.',
    },
    ...jsonArg,
  },
  variadic: true,
  examples: ['tollgate policy test policies/ --coverage', 'tollgate policy test --run test_deny'],
  run: async (args, terminal) => {
    const threshold = thresholdOf(args)
    const filter = filterOf(args)
    const sources = sourcesHere(args)
    const report = await explaining(sources.modules, args, terminal, () =>
      runTests({
        ...compileOptions(sources, args),
        ...(filter !== undefined && { filter }),
        coverage: args.flag('coverage') || threshold !== undefined,
      }),
    )
    const text = args.flag('json')
      ? jsonText({ ...report, results: report.results.map(jsonResult) })
      : render(report, sources.modules, args.flag('verbose'))
    await terminal.out(`${text}\n`)
    if (report.failed > 0) throw new CliError(EXIT.checkFailed, `failed: ${report.failed}`)
    const percent = report.coverage?.percent ?? 100
    if (threshold !== undefined && percent < threshold) {
      throw new CliError(EXIT.checkFailed, `${percent} % covered, less than ${threshold} %`)
    }
  },
})

function thresholdOf(args: Arguments): number | undefined {
  const text = args.text('threshold')
  if (text === undefined) return undefined
  const percent = Number(text)
  if (text.trim() !== '' && percent >= 0 && percent <= 100) return percent
  throw new CliError(EXIT.usage, `--threshold: expected 0 to 100, not ${text}`)
}

function filterOf(args: Arguments): RegExp | undefined {
  const pattern = args.text('run')
  if (pattern === undefined) return undefined
  try {
    return new RegExp(pattern)
  } catch (error) {
    throw new CliError(EXIT.usage, `--run: ${error instanceof Error ? error.message : pattern}`)
  }
}

const jsonResult = ({ error, ...result }: TestResult) => ({
  ...result,
  ...(error !== undefined && { errors: error.errors }),
})

const NANOSECONDS_PER_MS = 1e6

function render(
  report: TestReport,
  modules: Readonly<Record<string, string>>,
  verbose: boolean,
): string {
  const lines = report.results.flatMap((result) => {
    if (result.status === 'pass' && !verbose) return []
    const { file, row } = result.location
    const ns = Math.round(result.durationMs * NANOSECONDS_PER_MS)
    const errors = result.error && renderErrors(result.error.errors, modules).trimEnd()
    return [
      `${file}:${row}: ${result.name}: ${result.status.toUpperCase()} (${ns} ns)`,
      ...(result.failedCases ?? []).map((name) => `  case ${name}: FAIL`),
      ...(verbose || result.status !== 'pass' ? result.output.map((line) => `  ${line}`) : []),
      ...(errors === undefined ? [] : [errors]),
    ]
  })
  return [...lines, ...summary(report), ...coverageLines(report)].join('\n')
}

function summary({ results, passed, failed, skipped }: TestReport): string[] {
  const total = results.length
  if (total === 0) return ['no tests found']
  return [
    `PASS: ${passed}/${total}`,
    ...(failed > 0 ? [`FAIL: ${failed}/${total}`] : []),
    ...(skipped > 0 ? [`SKIPPED: ${skipped}/${total}`] : []),
  ]
}

function coverageLines({ coverage }: TestReport): string[] {
  if (coverage === undefined) return []
  const files = Object.entries(coverage.files).map(([file, { percent, notCovered }]) => {
    const missed = notCovered.length === 0 ? '' : `, not lines ${ranges(notCovered)}`
    return `${file}: ${percent} %${missed}`
  })
  return [...files, `covered: ${coverage.percent} %`]
}

/** `3, 7-9`. */
function ranges(rows: readonly number[]): string {
  const found: [number, number][] = []
  for (const row of rows) {
    const last = found.at(-1)
    if (last !== undefined && last[1] === row - 1) last[1] = row
    else found.push([row, row])
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}
