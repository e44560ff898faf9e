import type { MicroCase } from './define.ts'
import { loadCases } from './load-cases.ts'
import type { Timing } from './timing.ts'
import { allocationOf, timeCase } from './timing.ts'

/** Runs one case in a process of its own and prints a line of JSON. */

const [file = '', name = '', task = '', timing = '{}'] = process.argv.slice(2)

const cases = await loadCases(file === '' ? null : file)
const found: MicroCase | undefined = cases.find((candidate) => candidate.name === name)
if (found === undefined) throw new Error(`there is no case ${name}`)
const subject = await found.prepare()
const result =
  task === 'allocation'
    ? await allocationOf(subject)
    : await timeCase(subject, JSON.parse(timing) as Timing)
await subject.close?.()
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
