import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import { banKindOf } from '../ban-kind.ts'
import { branch } from '../command.ts'
import { given, lifetimeOption, segment } from '../option-values.ts'

const columns = [
  { heading: 'id', field: 'id' },
  { heading: 'kind', field: 'kind' },
  { heading: 'subject', field: 'subject' },
  { heading: 'reason', field: 'reason' },
  { heading: 'level', field: 'level' },
  { heading: 'until', field: 'expiresAtMs', format: 'time' },
] as const

const id = { id: { type: 'positional', description: 'Ban id.' } } as const satisfies ArgsDef

/** `tollgate bans`. */
export const bansCommand = branch('bans', 'Bans of addresses and credentials', {
  list: action({
    name: 'list',
    summary: 'List the bans in force',
    shown: { kind: 'list', columns },
    request: () => ({ method: 'GET', path: '/bans' }),
  }),
  get: action({
    name: 'get',
    summary: 'Show a ban',
    args: id,
    shown: { kind: 'one' },
    request: (args) => ({ method: 'GET', path: `/bans/${segment(args, 'id')}` }),
  }),
  add: action({
    name: 'add',
    summary: 'Ban an address, a network, a credential or a user',
    args: {
      subject: {
        type: 'positional',
        description:
          'Address, CIDR network, or id: of a key (with its tokens), a token, a session, a user (with all of theirs).',
      },
      kind: {
        type: 'string',
        valueHint: 'address|key',
        description: 'What it is; default: key for what looks like key_…, else address.',
      },
      reason: { type: 'string', required: true, description: 'Why; goes into the audit log.' },
      for: {
        type: 'string',
        valueHint: 'duration',
        description: 'Duration; permanent by default.',
      },
      force: {
        type: 'boolean',
        description:
          'Ban also a network wider than /8 (IPv6: /16), your own address, or your own credential, key or user.',
      },
    },
    examples: ['tollgate bans add 203.0.113.0/24 --reason scraping --for 24h'],
    shown: { kind: 'one' },
    request: (args) => {
      const subject = args.required('subject')
      return {
        method: 'POST',
        path: '/bans',
        body: given({
          kind: args.text('kind') ?? banKindOf(subject),
          subject,
          reason: args.required('reason'),
          durationMs: lifetimeOption(args, 'for'),
          force: args.flag('force') || undefined,
        }),
      }
    },
  }),
  lift: action({
    name: 'lift',
    summary: 'Lift a ban',
    args: id,
    shown: { kind: 'done' },
    request: (args) => ({ method: 'DELETE', path: `/bans/${segment(args, 'id')}` }),
    done: (args) => `${args.required('id')} is lifted.`,
  }),
})
