import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { branch } from '../command.ts'
import { durationOption, given, givenList, lifetimeOption } from '../option-values.ts'
import { tenantThing } from './tenant-thing.ts'

const columns = [
  { heading: 'id', field: 'id' },
  { heading: 'name', field: 'name' },
  { heading: 'start', field: 'start' },
  { heading: 'status', field: 'status' },
  { heading: 'roles', field: 'roles' },
  { heading: 'expires', field: 'expiresAtMs', format: 'time' },
  { heading: 'last used', field: 'lastUsedAtMs', format: 'time' },
] as const

const fields = {
  role: { type: 'string', description: 'Role; may be repeated.' },
  permission: { type: 'string', description: 'Permission resource:action; may be repeated.' },
  cidr: { type: 'string', description: 'Network it may be used from; may be repeated.' },
  user: { type: 'string', description: 'User it acts for.' },
  plan: { type: 'string', description: 'Plan.' },
  'expires-in': { type: 'string', valueHint: 'duration', description: 'Such as 90d.' },
} as const satisfies ArgsDef

function bodyOf(args: Arguments): Record<string, unknown> {
  const expiresInMs = lifetimeOption(args, 'expires-in')
  return given({
    roles: givenList(args, 'role'),
    permissions: givenList(args, 'permission'),
    allowedCidrs: givenList(args, 'cidr'),
    userId: args.text('user'),
    plan: args.text('plan'),
    expiresAtMs: expiresInMs === undefined ? undefined : Date.now() + expiresInMs,
  })
}

const { id, pathOf, get, act, remove } = tenantThing('keys', 'Key id.')

/** `tollgate keys`. */
export const keysCommand = branch('keys', 'API keys', {
  list: action({
    name: 'list',
    summary: 'List API keys',
    tenant: true,
    args: { user: { type: 'string', description: 'Only keys of this user.' } },
    shown: { kind: 'list', columns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `/tenants/${tenantId}/keys`,
      query: { userId: args.text('user') },
    }),
  }),
  get: get('Show an API key'),
  create: action({
    name: 'create',
    summary: 'Create an API key; only the key goes to standard output',
    tenant: true,
    args: {
      name: { type: 'positional', description: 'What it is for.' },
      ...fields,
      environment: { type: 'enum', options: ['live', 'test'], description: 'Default live.' },
    },
    examples: [
      'tollgate keys create ci --tenant demo --role viewer --expires-in 90d',
      'tollgate keys create ci --tenant demo --role viewer > ci.key',
    ],
    shown: { kind: 'issued', id: 'key', secrets: ['secret'] },
    request: (args, { tenantId }) => ({
      method: 'POST',
      path: `/tenants/${tenantId}/keys`,
      body: {
        name: args.required('name'),
        ...bodyOf(args),
        ...given({ environment: args.text('environment') }),
      },
    }),
  }),
  update: action({
    name: 'update',
    summary: 'Change an API key; fields not named keep their values',
    tenant: true,
    args: { ...id, name: { type: 'string', description: 'New name.' }, ...fields },
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({
      method: 'PATCH',
      path: pathOf(tenantId, args),
      body: { ...given({ name: args.text('name') }), ...bodyOf(args) },
    }),
  }),
  rotate: action({
    name: 'rotate',
    summary: 'Create a new secret; the old one keeps working for the overlap',
    tenant: true,
    args: {
      ...id,
      overlap: {
        type: 'string',
        valueHint: 'duration',
        description: 'Defaults to the configured overlap.',
      },
    },
    examples: ['tollgate keys rotate key_… --tenant demo --overlap 1h'],
    shown: { kind: 'issued', id: 'key', secrets: ['secret'] },
    request: (args, { tenantId }) => ({
      method: 'POST',
      path: `${pathOf(tenantId, args)}/rotate`,
      body: given({ overlapMs: durationOption(args, 'overlap') }),
    }),
  }),
  disable: act('disable', {
    summary: 'Disable an API key until enabled again',
    done: 'is refused',
  }),
  enable: act('enable', { summary: 'Enable a disabled API key', done: 'is admitted' }),
  revoke: act('revoke', {
    summary: 'Revoke an API key for good',
    done: 'has ended',
    confirm: (args) => `The key ${args.required('id')} ends for good.`,
  }),
  delete: remove({
    summary: 'Delete an API key',
    confirm: (args) => `The key ${args.required('id')} ends and is forgotten.`,
  }),
})
