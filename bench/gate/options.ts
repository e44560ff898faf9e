import { parseArgs } from 'node:util'
import type { Arm } from './arms.ts'
import { ARMS } from './arms.ts'
import { messageOf } from '../../src/core/error-message.ts'

/** Options of the benchmark. */
export interface Options {
  readonly mode: Mode
  readonly keys: number
  readonly cacheAgeMs: number | undefined
  readonly blocks: number
  readonly sliceMs: number
  /** Names of the arms to compare with the bare server. */
  readonly only: readonly string[] | undefined
  readonly connections: number
  readonly soakSeconds: number
  /** Requests per second of the soak; as fast as the server answers if absent. */
  readonly soakRate: number | undefined
  /** Whether the table shows the processor time of each kind of thread. */
  readonly threads: boolean
  readonly json: boolean
}

/** What is measured. */
export type Mode = 'layers' | 'latency' | 'scale' | 'connections' | 'soak'

/** Default number of ABBA blocks per arm. Differences at p99 need more of them than medians do. */
const BLOCKS: Readonly<Record<Mode, number>> = {
  layers: 40,
  latency: 100,
  scale: 40,
  connections: 40,
  soak: 40,
}

const namesOf = (arms: readonly Arm[]): string => arms.map(({ name }) => name).join(', ')

/** The usage of the benchmark. */
export const HELP = `What each layer of the gate costs, next to a bare server. Each has a process of its own.

  npm run bench -- [options]

  (nothing)           throughput and CPU per request of each layer
  --latency           p50 and p99 at 10,000 requests a second, bare and with all layers
  --scale             10,000 keys against 100,000, and memory per active key
  --connections N     N open keep-alive connections, each used afterwards
  --soak SECONDS      memory under load for so long
  --rate N            requests a second of the soak            (as fast as answered)

  --keys N            keys that exist and are used in turn     (100000)
  --cache-age SECONDS  trust known keys for so long, instead of the default
  --blocks N          ABBA blocks for each arm                 (${BLOCKS.layers}; --latency: ${BLOCKS.latency})
  --slice MS          length of one slice                      (250)
  --only a,b          only these arms and their bare servers, of
                      ${namesOf(ARMS.filter(({ byName }) => byName !== true))}
                      and, which do not run unless named here,
                      ${namesOf(ARMS.filter(({ byName }) => byName === true))}
  --threads           also what each kind of thread took: its own code, and the kernel on its behalf
  --json              the result as JSON
  --help

Progress goes to standard error. Exit status: 0, 6 when a target is missed for certain, 1 when it could not be measured.
`

/** Reads the command line; returns text if it asks for help or cannot be understood. */
export function readOptions(
  args: readonly string[],
): Options | { readonly usage: string; readonly isWrong: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        latency: { type: 'boolean', default: false },
        scale: { type: 'boolean', default: false },
        connections: { type: 'string' },
        soak: { type: 'string' },
        rate: { type: 'string' },
        keys: { type: 'string', default: '100000' },
        'cache-age': { type: 'string' },
        blocks: { type: 'string' },
        slice: { type: 'string', default: '250' },
        only: { type: 'string' },
        threads: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { usage: HELP, isWrong: false }
    const { latency, scale, connections, soak, rate, 'cache-age': cacheAge } = values
    const chosen: readonly (readonly [Mode, boolean])[] = [
      ['latency', latency],
      ['scale', scale],
      ['connections', connections !== undefined],
      ['soak', soak !== undefined],
    ]
    const modes = chosen.filter(([, isChosen]) => isChosen).map(([mode]) => mode)
    if (modes.length > 1) throw new RangeError(`${modes.join(' and ')} cannot be measured together`)
    const mode = modes[0] ?? 'layers'
    return {
      mode,
      keys: wholeNumber('keys', values.keys, 10),
      cacheAgeMs: cacheAge === undefined ? undefined : wholeNumber('cache-age', cacheAge, 1) * 1000,
      blocks: wholeNumber('blocks', values.blocks ?? String(BLOCKS[mode]), 2),
      sliceMs: wholeNumber('slice', values.slice, 100),
      only: values.only === undefined ? undefined : armNames(values.only),
      connections: wholeNumber('connections', connections ?? '10000', 1),
      soakSeconds: wholeNumber('soak', soak ?? '600', 10),
      soakRate: rate === undefined ? undefined : wholeNumber('rate', rate, 1),
      threads: values.threads,
      json: values.json,
    }
  } catch (error) {
    const message = messageOf(error)
    return { usage: `${message}\n\n${HELP}`, isWrong: true }
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new RangeError(`--${name} expects a whole number, at least ${least}`)
}

function armNames(text: string): readonly string[] {
  const names = text.split(',')
  for (const name of names) {
    if (!ARMS.some((arm) => arm.name === name)) throw new RangeError(`no arm is named ${name}`)
  }
  return names
}
