import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { branch } from '../command.ts'
import { given, segment } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import { tenantThing } from './tenant-thing.ts'

const columns = [
  { heading: 'id', field: 'id' },
  { heading: 'login', field: 'login' },
  { heading: 'name', field: 'name' },
  { heading: 'disabled', field: 'disabled', format: 'flag' },
  { heading: 'last login', field: 'lastLoginAtMs', format: 'time' },
] as const

const sessionColumns = [
  { heading: 'id', field: 'id' },
  { heading: 'address', field: 'address' },
  { heading: 'begun', field: 'createdAtMs', format: 'time' },
  { heading: 'last seen', field: 'lastSeenAtMs', format: 'time' },
] as const

const assignmentColumns = [
  { heading: 'role', field: 'role' },
  { heading: 'since', field: 'createdAtMs', format: 'time' },
] as const

const role = { role: { type: 'positional', description: 'Role.' } } as const satisfies ArgsDef

const { id, pathOf, get, act, remove } = tenantThing('users', 'User id.')

const password = async (args: Arguments, terminal: Terminal): Promise<string | undefined> =>
  args.flag('password-stdin') ? (await terminal.readInput()).replace(/\r?\n$/, '') : undefined

/** `tollgate users`. */
export const usersCommand = branch('users', 'Users, their roles and sessions', {
  list: action({
    name: 'list',
    summary: 'List users',
    tenant: true,
    args: { login: { type: 'string', description: 'Only the user with this login.' } },
    shown: { kind: 'list', columns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `/tenants/${tenantId}/users`,
      query: { login: args.text('login') },
    }),
  }),
  get: get('Show a user'),
  create: action({
    name: 'create',
    summary: 'Create a user',
    tenant: true,
    args: {
      login: { type: 'positional', description: 'Login.' },
      name: { type: 'string', description: 'Name.' },
      'password-stdin': { type: 'boolean', description: 'Read a password from standard input.' },
    },
    examples: ['tollgate users create ada@example.org --tenant demo --password-stdin < password'],
    shown: { kind: 'one' },
    request: async (args, { tenantId, terminal }) => ({
      method: 'POST',
      path: `/tenants/${tenantId}/users`,
      body: given({
        login: args.required('login'),
        name: args.text('name'),
        password: await password(args, terminal),
      }),
    }),
  }),
  update: action({
    name: 'update',
    summary: 'Change a user; fields not named keep their values',
    tenant: true,
    args: {
      ...id,
      login: { type: 'string', description: 'New login.' },
      name: { type: 'string', description: 'New name.' },
    },
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({
      method: 'PATCH',
      path: pathOf(tenantId, args),
      body: given({ login: args.text('login'), name: args.text('name') }),
    }),
  }),
  password: action({
    name: 'password',
    summary: 'Set a password, read from standard input; ends all sessions',
    tenant: true,
    args: id,
    examples: ['tollgate users password usr_… --tenant demo < password'],
    shown: { kind: 'done' },
    request: async (args, { tenantId, terminal }) => ({
      method: 'PUT',
      path: `${pathOf(tenantId, args)}/password`,
      body: { password: (await terminal.readInput()).replace(/\r?\n$/, '') },
    }),
    done: (args) => `The password of ${args.required('id')} is set.`,
  }),
  disable: act('disable', { summary: 'Disable a user until enabled again', done: 'is refused' }),
  enable: act('enable', { summary: 'Enable a disabled user', done: 'is admitted' }),
  delete: remove({
    summary: 'Delete a user with all sessions and tokens',
    confirm: (args) => `The user ${args.required('id')} goes, with sessions and tokens.`,
  }),
  roles: action({
    name: 'roles',
    summary: 'List the roles of a user',
    tenant: true,
    args: id,
    shown: { kind: 'list', columns: assignmentColumns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `${pathOf(tenantId, args)}/roles`,
    }),
  }),
  assign: action({
    name: 'assign',
    summary: 'Assign a role to a user',
    tenant: true,
    args: { ...id, ...role },
    examples: ['tollgate users assign usr_… editor --tenant demo'],
    shown: { kind: 'done' },
    request: (args, { tenantId }) => ({
      method: 'PUT',
      path: `${pathOf(tenantId, args)}/roles/${segment(args, 'role')}`,
    }),
    done: (args) => `${args.required('id')} holds ${args.required('role')}.`,
  }),
  unassign: action({
    name: 'unassign',
    summary: 'Remove a role from a user',
    tenant: true,
    args: { ...id, ...role },
    shown: { kind: 'done' },
    request: (args, { tenantId }) => ({
      method: 'DELETE',
      path: `${pathOf(tenantId, args)}/roles/${segment(args, 'role')}`,
    }),
    done: (args) => `${args.required('id')} no longer holds ${args.required('role')}.`,
  }),
  sessions: action({
    name: 'sessions',
    summary: 'List the sessions of a user',
    tenant: true,
    args: id,
    shown: { kind: 'list', columns: sessionColumns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `${pathOf(tenantId, args)}/sessions`,
    }),
  }),
  logout: action({
    name: 'logout',
    summary: 'End every session and token of a user',
    tenant: true,
    args: id,
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({
      method: 'DELETE',
      path: `${pathOf(tenantId, args)}/sessions`,
    }),
  }),
})
