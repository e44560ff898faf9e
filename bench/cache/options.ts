import { parseArgs } from 'node:util'

/** What can be measured. */
export const PARTS = ['hits', 'speed', 'flight', 'memory', 'race'] as const
export type Part = (typeof PARTS)[number]

/** Options of the benchmark. */
export interface Options {
  readonly parts: readonly Part[]
  readonly isQuick: boolean
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly sliceMs: number
  readonly races: number
  readonly json: boolean
}

/** The usage of the benchmark. */
export const HELP = `The cache next to the libraries that people use instead, in one process.

  npm run bench:cache -- [options]

  --only a,b      only these parts: ${PARTS.join(', ')}
                    hits     hit ratio by trace and capacity, the best possible included
                    speed    hits, get-or-set and latency, by number of entries
                    flight   10 and 100 readers in flight with writes; a cold key; a stale one
                    memory   bytes for an entry beyond its key and value
                    race     permissions revoked while they are loaded
  --quick         less of everything: about a minute
  --sizes a,b     numbers of entries               (100,10000,1000000)
  --rounds N      rounds, the caches in turn       (7)
  --slice MS      length of one slice              (150)
  --races N       revocations for each cache       (10000)
  --json          the result as JSON
  --help

Progress goes to standard error. Redis is started on a free port where the machine has it.
`

/** Reads the command line; returns text if it asks for help or cannot be understood. */
export function readOptions(
  args: readonly string[],
): Options | { readonly usage: string; readonly isWrong: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean', default: false },
        sizes: { type: 'string' },
        rounds: { type: 'string' },
        slice: { type: 'string' },
        races: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { usage: HELP, isWrong: false }
    const isQuick = values.quick
    const sizes = values.sizes ?? (isQuick ? '100,10000' : '100,10000,1000000')
    return {
      parts: values.only === undefined ? PARTS : values.only.split(',').map(partNamed),
      isQuick,
      sizes: sizes.split(',').map((text) => wholeNumber('sizes', text, 10)),
      rounds: wholeNumber('rounds', values.rounds ?? (isQuick ? '3' : '7'), 1),
      sliceMs: wholeNumber('slice', values.slice ?? (isQuick ? '60' : '150'), 10),
      races: wholeNumber('races', values.races ?? (isQuick ? '500' : '10000'), 1),
      json: values.json,
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { usage: `${message}\n\n${HELP}`, isWrong: true }
  }
}

function partNamed(name: string): Part {
  const part = PARTS.find((known) => known === name)
  if (part === undefined) throw new RangeError(`no part is named ${name}`)
  return part
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new RangeError(`--${name} expects whole numbers, at least ${least}`)
}
