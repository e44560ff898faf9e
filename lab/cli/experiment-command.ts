import type { ArgsDef } from 'citty'
import type { Experiment, Json } from '../core/index.ts'
import { EXIT_CODE } from '../core/index.ts'
import { runExperiment, toLabRecord } from '../run/index.ts'
import type { Arguments } from './arguments.ts'
import type { Command, CommandContext } from './command.ts'
import type { CommonOptions } from './common-options.ts'
import { commonArgs, readCommonOptions } from './common-options.ts'
import type { ExitCode } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { createProgress } from './progress.ts'
import { renderSummary } from './summary.ts'
import { checkOutputs, writeOutputs } from './writers.ts'

/** What turns an experiment into a command. */
export interface ExperimentCommandSpec<Options, Raw> {
  readonly summary: string
  /** Options of its own, beside the common ones. */
  readonly args?: ArgsDef
  readonly examples?: readonly string[]
  readonly experiment: Experiment<Options, Raw>
  /**
   * The experiment's options, read from the command line. Throws a `UsageError` for wrong usage.
   * The values of its `headers` are hidden in the record.
   */
  options(args: Arguments, common: CommonOptions): Options | Promise<Options>
}

/** A command that runs an experiment, prints the result and exits with 0, 6 or 7. */
export function experimentCommand<Options, Raw>(
  spec: ExperimentCommandSpec<Options, Raw>,
): Command {
  // Options and raw data are JSON by the contract of an experiment.
  const experiment = spec.experiment as unknown as Experiment<Json, Json>
  const optionsOf = async (args: Arguments, common: CommonOptions): Promise<Json> =>
    (await spec.options(args, common)) as Json
  return {
    name: experiment.kind,
    summary: spec.summary,
    args: { ...spec.args, ...commonArgs },
    ...(spec.examples !== undefined && { examples: spec.examples }),
    experiment,
    optionsOf,
    run: async (context) => {
      const { args } = context
      await checkOutputs(args.texts('out'))
      const common = readCommonOptions(args, randomSeed())
      const options = await optionsOf(args, common)
      return runAndReport(experiment, options, common, context)
    },
  }
}

/** A random seed, for runs that name none; the record keeps it. */
export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!

async function runAndReport(
  experiment: Experiment<Json, Json>,
  options: Json,
  { seed, target }: CommonOptions,
  { args, argv, terminal }: CommandContext,
): Promise<ExitCode> {
  const monotonicMs = (): number => performance.now()
  const progress = createProgress(terminal, monotonicMs)
  const interrupt = onInterrupt()
  try {
    const run = await runExperiment(experiment, options, {
      seed,
      argv,
      monotonicMs,
      wallMs: () => Date.now(),
      signal: interrupt.signal,
      progress,
      ...(target !== undefined && { target }),
    })
    progress.close()
    const record = toLabRecord([run], { title: experiment.title, target: target ?? '', seed, argv })
    try {
      await writeOutputs(record, args.texts('out'))
    } finally {
      await terminal.out(
        args.flag('json') ? `${JSON.stringify(record)}\n` : renderSummary(record, terminal.color),
      )
    }
    return EXIT_CODE[record.judgement.verdict]
  } finally {
    progress.close()
    interrupt.close()
  }
}
