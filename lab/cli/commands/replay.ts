import { readRecord, replay } from '../../report/index.ts'
import { judgeRecord, settle } from '../../run/index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { readText } from './report.ts'

const SHOWN_MAX = 20

/** `lab replay`: computes every figure of a record again from its raw data. */
export const replayCommand: Command = {
  name: 'replay',
  summary: 'Compute every figure of a record again from its raw data, and compare',
  args: {
    record: { type: 'positional', description: 'The record, as --json or --out wrote it.' },
    json: { type: 'boolean', description: 'Answer in JSON.' },
  },
  examples: ['tollgate lab replay run.json'],
  run: async ({ args, terminal, find }) => {
    const path = args.required('record')
    const record = readRecord(await readText(path), path)
    const experimentOf = async (kind: string) => (await find(kind))?.experiment
    const result = await replay(record, experimentOf, { settle, judge: judgeRecord })
    const { agreeing, differences, unknownKinds } = result
    if (args.flag('json')) {
      await terminal.out(`${JSON.stringify(result, null, 2)}\n`)
    } else {
      const lines = differences
        .slice(0, SHOWN_MAX)
        .map(
          ({ path: place, recorded, recomputed }) =>
            `${place}: recorded ${JSON.stringify(recorded)}, computed ${JSON.stringify(recomputed)}`,
        )
      const unknown = unknownKinds.map((kind) => `${kind}: not known to this version, not checked`)
      const summary = `${agreeing} values agree, ${differences.length} differ`
      await terminal.out(`${[...lines, ...unknown, summary].join('\n')}\n`)
    }
    if (differences.length > 0) return EXIT.failed
    return agreeing === 0 || unknownKinds.length > 0 ? EXIT.inconclusive : EXIT.ok
  },
}
