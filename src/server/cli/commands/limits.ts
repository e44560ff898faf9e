import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { branch } from '../command.ts'
import { segment } from '../option-values.ts'

const columns = [
  { heading: 'name', field: 'name' },
  { heading: 'kind', field: 'config.kind' },
  { heading: 'by', field: 'config.by' },
  { heading: 'policy', field: 'policy' },
  { heading: 'shadow', field: 'config.shadow', format: 'flag' },
] as const

const subject = {
  limit: { type: 'positional', description: 'Limit.' },
  address: { type: 'string', description: 'Client address.' },
  key: { type: 'string', valueHint: 'id', description: 'Credential id.' },
  user: { type: 'string', valueHint: 'id', description: 'User id.' },
  tenant: { type: 'string', valueHint: 'id', description: 'Tenant id.' },
  route: { type: 'string', valueHint: 'id', description: 'Route id.' },
  plan: { type: 'string', description: 'Plan whose rate applies.' },
} as const satisfies ArgsDef

const queryOf = (args: Arguments): Record<string, string | undefined> => ({
  address: args.text('address'),
  keyId: args.text('key'),
  userId: args.text('user'),
  tenantId: args.text('tenant'),
  routeId: args.text('route'),
  plan: args.text('plan'),
})

/** `tollgate limits`. */
export const limitsCommand = branch('limits', 'Limits and what of them is used', {
  list: action({
    name: 'list',
    summary: 'List the configured limits',
    shown: { kind: 'list', columns },
    request: () => ({ method: 'GET', path: '/limits' }),
  }),
  peek: action({
    name: 'peek',
    summary: 'Show how much of a limit a subject has left, without using any',
    args: subject,
    examples: ['tollgate limits peek default --address 203.0.113.7'],
    shown: { kind: 'one' },
    request: (args) => ({
      method: 'GET',
      path: `/limits/${segment(args, 'limit')}/use`,
      query: queryOf(args),
    }),
  }),
  reset: action({
    name: 'reset',
    summary: 'Reset what a subject has used of a limit',
    args: subject,
    shown: { kind: 'one' },
    request: (args) => ({
      method: 'DELETE',
      path: `/limits/${segment(args, 'limit')}/use`,
      query: queryOf(args),
    }),
  }),
})
