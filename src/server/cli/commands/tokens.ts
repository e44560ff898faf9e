import { action } from '../action.ts'
import { branch } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { given, givenList, lifetimeOption, segment } from '../option-values.ts'

const columns = [
  { heading: 'id', field: 'id' },
  { heading: 'kind', field: 'kind' },
  { heading: 'owner', field: 'owner.id' },
  { heading: 'scope', field: 'scope' },
  { heading: 'status', field: 'status' },
  { heading: 'expires', field: 'expiresAtMs', format: 'time' },
] as const

/** `tollgate tokens`. */
export const tokensCommand = branch('tokens', 'Access tokens', {
  list: action({
    name: 'list',
    summary: 'List tokens',
    tenant: true,
    args: { owner: { type: 'string', description: 'Only tokens of this key or user.' } },
    shown: { kind: 'list', columns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `/tenants/${tenantId}/tokens`,
      query: { ownerId: args.text('owner') },
    }),
  }),
  issue: action({
    name: 'issue',
    summary: 'Issue an access token; only the token goes to standard output',
    tenant: true,
    args: {
      key: { type: 'string', valueHint: 'id', description: 'The key it is issued for.' },
      user: { type: 'string', valueHint: 'id', description: 'The user it is issued for.' },
      scope: { type: 'string', description: 'Restricts it to this permission; may be repeated.' },
      ttl: { type: 'string', valueHint: 'duration', description: 'Lifetime; default 24h.' },
      refreshable: { type: 'boolean', description: 'Also issue a refresh token.' },
    },
    examples: ['tollgate tokens issue --tenant demo --key key_… --ttl 1h'],
    shown: { kind: 'issued', id: 'token', secrets: ['accessToken', 'refreshToken'] },
    request: (args, { tenantId }) => {
      const [key, user] = [args.text('key'), args.text('user')]
      if ((key === undefined) === (user === undefined)) {
        throw new CliError(EXIT.usage, 'name either --key or --user')
      }
      const owner = key === undefined ? { kind: 'user', id: user } : { kind: 'key', id: key }
      return {
        method: 'POST',
        path: `/tenants/${tenantId}/tokens`,
        body: given({
          owner,
          scope: givenList(args, 'scope'),
          ttlMs: lifetimeOption(args, 'ttl'),
          refreshable: args.flag('refreshable'),
        }),
      }
    },
  }),
  inspect: action({
    name: 'inspect',
    summary: 'Tell whose the token on standard input is, and whether it is valid',
    tenant: true,
    examples: ['tollgate tokens inspect --tenant demo < token.txt'],
    shown: { kind: 'one' },
    request: async (_args, { tenantId, terminal }) => ({
      method: 'POST',
      path: `/tenants/${tenantId}/tokens/inspect`,
      body: { token: (await terminal.readInput()).trim() },
    }),
  }),
  revoke: action({
    name: 'revoke',
    summary: 'Revoke a token with its whole family',
    tenant: true,
    args: { id: { type: 'positional', description: 'Token id.' } },
    shown: { kind: 'done' },
    confirm: (args) => `The token ${args.required('id')} and its family end for good.`,
    request: (args, { tenantId }) => ({
      method: 'DELETE',
      path: `/tenants/${tenantId}/tokens/${segment(args, 'id')}`,
    }),
    done: (args) => `${args.required('id')} has ended.`,
  }),
})
