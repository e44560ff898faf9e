import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { branch } from '../command.ts'
import { given, givenList, segment } from '../option-values.ts'

const columns = [
  { heading: 'name', field: 'name' },
  { heading: 'origin', field: 'origin' },
  { heading: 'permissions', field: 'permissions' },
  { heading: 'inherits', field: 'inherits' },
  { heading: 'description', field: 'description' },
] as const

const holderColumns = [
  { heading: 'user', field: 'subjectId' },
  { heading: 'since', field: 'createdAtMs', format: 'time' },
] as const

const roleName = { name: { type: 'positional', description: 'Role.' } } as const satisfies ArgsDef

const fields = {
  description: { type: 'string', description: 'What it is for.' },
  permission: { type: 'string', description: 'Permission resource:action; may be repeated.' },
  inherits: { type: 'string', description: 'Role to inherit permissions from; may be repeated.' },
} as const satisfies ArgsDef

const bodyOf = (args: Arguments): Record<string, unknown> =>
  given({
    description: args.text('description'),
    permissions: givenList(args, 'permission'),
    inherits: givenList(args, 'inherits'),
  })

const pathOf = (tenantId: string, args: Arguments): string =>
  `/tenants/${tenantId}/roles/${segment(args, 'name')}`

/** `tollgate roles`. */
export const rolesCommand = branch('roles', 'Roles', {
  list: action({
    name: 'list',
    summary: 'List roles, including built-in and configured ones',
    tenant: true,
    shown: { kind: 'list', columns },
    request: (_args, { tenantId }) => ({ method: 'GET', path: `/tenants/${tenantId}/roles` }),
  }),
  get: action({
    name: 'get',
    summary: 'Show a role',
    tenant: true,
    args: roleName,
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({ method: 'GET', path: pathOf(tenantId, args) }),
  }),
  create: action({
    name: 'create',
    summary: 'Create a role',
    tenant: true,
    args: { ...roleName, ...fields },
    examples: ['tollgate roles create curator --tenant demo --permission scene:write'],
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({
      method: 'POST',
      path: `/tenants/${tenantId}/roles`,
      body: { name: args.required('name'), ...bodyOf(args) },
    }),
  }),
  update: action({
    name: 'update',
    summary: 'Change a role; fields not named keep their values',
    tenant: true,
    args: { ...roleName, ...fields },
    shown: { kind: 'one' },
    request: (args, { tenantId }) => ({
      method: 'PATCH',
      path: pathOf(tenantId, args),
      body: bodyOf(args),
    }),
  }),
  delete: action({
    name: 'delete',
    summary: 'Delete a role and its assignments',
    tenant: true,
    args: roleName,
    shown: { kind: 'done' },
    confirm: (args) => `The role ${args.required('name')} and its assignments go.`,
    request: (args, { tenantId }) => ({ method: 'DELETE', path: pathOf(tenantId, args) }),
    done: (args) => `${args.required('name')} is gone.`,
  }),
  holders: action({
    name: 'holders',
    summary: 'List who holds a role',
    tenant: true,
    args: roleName,
    shown: { kind: 'list', columns: holderColumns },
    request: (args, { tenantId }) => ({
      method: 'GET',
      path: `${pathOf(tenantId, args)}/holders`,
    }),
  }),
})
