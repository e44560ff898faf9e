import { dirname, resolve } from 'node:path'
import type { Experiment, Json, LabRecord } from '../../core/index.ts'
import { EXIT_CODE, LabError } from '../../core/index.ts'
import type { RunContext } from '../../run/index.ts'
import { runExperiment, toLabRecord } from '../../run/index.ts'
import type { Plan } from '../../validate/index.ts'
import { readPlan, validate } from '../../validate/index.ts'
import { readArguments } from '../arguments.ts'
import type { Command, CommandContext } from '../command.ts'
import type { CommonOptions } from '../common-options.ts'
import { commonArgs, readCommonOptions } from '../common-options.ts'
import { UsageError } from '../exit-codes.ts'
import { randomSeed } from '../experiment-command.ts'
import { onInterrupt } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { renderClaims } from '../summary-claims.ts'
import { checkOutputs, writeOutputs } from '../writers.ts'
import { readText } from './report.ts'

/** `lab validate`: claims and a checklist, each with its evidence. */
export const validateCommand: Command = {
  name: 'validate',
  summary: 'Check the claims and the checklist of a plan, with the evidence for each',
  args: {
    plan: { type: 'positional', description: 'The plan, such as claims.yaml.' },
    ...commonArgs,
  },
  examples: [
    'tollgate lab validate claims.yaml --out report.html --out record.json',
    'tollgate lab validate claims.yaml --quick --json',
  ],
  run: async (context) => {
    const { args, argv, terminal } = context
    const path = args.required('plan')
    const outputs = args.texts('out')
    await checkOutputs(outputs)
    const common = readCommonOptions(args, randomSeed())
    const plan = readPlan(await readText(path), path)
    const folder = dirname(resolve(path))
    const prepared = await prepareAll(plan, folder, common, context)
    const progress = createProgress(terminal, monotonicMs)
    const startMs = wallMs()
    const interrupt = onInterrupt()
    try {
      const { signal } = interrupt
      const { experiments, claims } = await validate(plan, {
        folder,
        progress,
        signal,
        run: (line) => {
          const { experiment, options, target, argv: repeated } = prepared.get(line)!
          const run: RunContext = {
            seed: common.seed,
            argv: repeated,
            monotonicMs,
            wallMs,
            signal,
            progress,
          }
          return runExperiment(experiment, options, {
            ...run,
            ...(target !== undefined && { target }),
          })
        },
      })
      progress.close()
      const head = { title: plan.title, target: targetOf(plan, common) ?? '', seed: common.seed }
      const record = toLabRecord(experiments, {
        ...head,
        argv,
        claims,
        spanMs: [startMs, wallMs()],
      })
      try {
        await writeOutputs(record, outputs)
      } finally {
        await terminal.out(show(record, args.flag('json'), terminal.color))
      }
      return EXIT_CODE[record.judgement.verdict]
    } finally {
      progress.close()
      interrupt.close()
    }
  },
}

const monotonicMs = (): number => performance.now()
const wallMs = (): number => Date.now()

const show = (record: LabRecord, json: boolean, color: boolean): string =>
  json ? `${JSON.stringify(record)}\n` : renderClaims(record, color)

interface Prepared {
  readonly experiment: Experiment<Json, Json>
  readonly options: Json
  readonly target: string | undefined
  /** The command line that repeats the experiment without the plan. */
  readonly argv: readonly string[]
}

function targetOf(plan: Plan, common: CommonOptions): string | undefined {
  return common.target ?? plan.target
}

/** Reads every command line of the plan before anything is measured, so that a mistake does not cost an hour. */
async function prepareAll(
  plan: Plan,
  folder: string,
  common: CommonOptions,
  context: CommandContext,
): Promise<ReadonlyMap<readonly string[], Prepared>> {
  const prepared = new Map<readonly string[], Prepared>()
  for (const [name, { run, target = targetOf(plan, common) }] of Object.entries(plan.experiments)) {
    try {
      const line = run.map((part) => part.replaceAll('{plan}', folder))
      prepared.set(run, await prepare(line, target ?? undefined, common, context))
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof LabError)) throw error
      const hint = error instanceof UsageError ? error.hint : undefined
      throw new UsageError(`experiment ${name} of the plan: ${error.message}`, hint)
    }
  }
  return prepared
}

async function prepare(
  [name = '', ...rest]: readonly string[],
  target: string | undefined,
  common: CommonOptions,
  { args: given, find }: CommandContext,
): Promise<Prepared> {
  const command = await find(name)
  if (command?.experiment === undefined || command.optionsOf === undefined) {
    throw new UsageError(`${name} is not an experiment of the lab`)
  }
  const own = readArguments(rest, command.args, command.variadic)
  const shared = [
    ...(target !== undefined && own.text('target') === undefined ? ['--target', target] : []),
    ...given.texts('header').flatMap((line) => ['--header', line]),
    ...(common.allowRemote ? ['--allow-remote'] : []),
    ...(common.quick ? ['--quick'] : []),
  ]
  const args = readArguments([...rest, ...shared], command.args, command.variadic)
  const merged = readCommonOptions(args, common.seed)
  const options = await command.optionsOf(args, merged)
  return {
    experiment: command.experiment,
    options,
    target: merged.target,
    argv: [name, ...rest, ...shared],
  }
}
