import { gradeOf, readFingerprint, takeSnapshot, usageBetween } from '../../machine/index.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

const WATCH_MS_DEFAULT = 3000

/** `lab machine`: what this machine is, and whether it is quiet enough to measure on. */
export const machineCommand: Command = {
  name: 'machine',
  summary: 'What this machine is, and whether it is quiet enough to measure on',
  args: {
    watch: {
      type: 'string',
      valueHint: 'duration',
      description: 'How long to watch (default 3s).',
    },
    json: { type: 'boolean', description: 'Answer in JSON.' },
  },
  examples: ['tollgate lab machine', 'tollgate lab machine --watch 30s --json'],
  run: async ({ args, terminal }) => {
    const fingerprint = readFingerprint()
    const before = takeSnapshot(performance.now(), [process.pid])
    await Bun.sleep(args.durationMs('watch') ?? WATCH_MS_DEFAULT)
    const usage = usageBetween(before, takeSnapshot(performance.now(), [process.pid]))
    const { grade, warnings } = gradeOf(usage, fingerprint.cores)
    if (args.flag('json')) {
      await terminal.out(`${JSON.stringify({ fingerprint, usage, grade, warnings }, null, 2)}\n`)
    } else {
      const lines = Object.entries({ ...fingerprint, ...usage, grade })
        .filter(([name]) => name !== 'ownCores')
        .map(([name, value]) => `${name.padEnd(16)} ${show(value)}`)
      await terminal.out(`${[...lines, ...warnings].join('\n')}\n`)
    }
    return grade === 'quiet' ? EXIT.ok : EXIT.inconclusive
  },
}

const show = (value: number | string | null): string => {
  if (value === null) return 'unknown'
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : String(value)
}
