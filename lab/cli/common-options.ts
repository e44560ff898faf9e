import type { ArgsDef } from 'citty'
import type { Arguments } from './arguments.ts'
import { readHeader, readTarget } from './target.ts'

/** Options of every experiment. */
export const commonArgs = {
  target: { type: 'string', valueHint: 'url', description: 'The server to measure.' },
  header: {
    type: 'string',
    alias: 'H',
    valueHint: 'line',
    description: 'Header "Name: value" to send; may be repeated. Values are not recorded.',
  },
  'allow-remote': {
    type: 'boolean',
    description: 'Allow targets on other machines; otherwise only loopback addresses.',
  },
  seed: {
    type: 'string',
    valueHint: 'n',
    description: 'Repeat the random choices of an earlier run.',
  },
  quick: { type: 'boolean', description: 'A short run: wide intervals, rarely a verdict.' },
  json: { type: 'boolean', description: 'Print the record as JSON.' },
  out: {
    type: 'string',
    valueHint: 'file',
    description: 'Write the record to a file, in the format of its extension; may be repeated.',
  },
} as const satisfies ArgsDef

/** Options of every experiment, checked. */
export interface CommonOptions {
  /** Normalized, and on this machine unless `--allow-remote` was given. */
  readonly target: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly allowRemote: boolean
  readonly quick: boolean
  readonly seed: number
}

const SEED_MAX = 0xffff_ffff

/** @param fallbackSeed - Used when `--seed` was not given. */
export function readCommonOptions(args: Arguments, fallbackSeed: number): CommonOptions {
  const allowRemote = args.flag('allow-remote')
  const target = args.text('target')
  return {
    target: target === undefined ? undefined : readTarget(target, allowRemote),
    headers: Object.fromEntries(args.texts('header').map(readHeader)),
    allowRemote,
    quick: args.flag('quick'),
    seed: args.number('seed', { min: 0, max: SEED_MAX, whole: true }) ?? fallbackSeed,
  }
}
