/**
 * The cost of the gate: each layer compared with a bare server, on real storage with 100,000 keys. Everything is
 * measured in one run, because only ratios within a run mean anything on a shared machine.
 *
 *     npm run bench -- --help
 */
import { cpus } from 'node:os'
import { measureConnections } from './gate/connections.ts'
import type { Report } from './gate/finding.ts'
import { measureLatency } from './gate/latency.ts'
import { measureLayers } from './gate/layers.ts'
import type { Mode, Options } from './gate/options.ts'
import { readOptions } from './gate/options.ts'
import { pinSelf } from './gate/processors.ts'
import { progressDone } from './gate/progress.ts'
import { measureScale } from './gate/scale.ts'
import { measureSoak } from './gate/soak.ts'
import { messageOf } from '../src/core/error-message.ts'

const GENERATOR_PROCESSOR = 1
const EXIT_ERROR = 1
const EXIT_MISSED = 6
const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130

const MEASUREMENTS: Readonly<Record<Mode, (options: Options) => Promise<Report>>> = {
  layers: measureLayers,
  latency: measureLatency,
  scale: measureScale,
  connections: measureConnections,
  soak: measureSoak,
}

function print(report: Report, options: Options): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Bun ${Bun.version}`
  const { lines, findings, data } = report
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ machine, options, findings, ...data }, undefined, 2)}\n`
      : `${machine}\n${lines.join('\n')}\n`,
  )
}

const options = readOptions(process.argv.slice(2))
if ('usage' in options) {
  const stream = options.isWrong ? process.stderr : process.stdout
  stream.write(options.usage)
  process.exitCode = options.isWrong ? EXIT_USAGE : 0
} else {
  // So that the servers end as well.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(EXIT_INTERRUPTED))
  }
  pinSelf(GENERATOR_PROCESSOR)
  try {
    const report = await MEASUREMENTS[options.mode](options)
    progressDone()
    print(report, options)
    if (report.findings.some(({ verdict }) => verdict === 'FAIL')) process.exitCode = EXIT_MISSED
  } catch (error) {
    progressDone()
    process.stderr.write(`${messageOf(error)}\n`)
    process.exitCode = EXIT_ERROR
  }
}
