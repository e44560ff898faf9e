import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import { branch } from '../command.ts'
import { given, segment } from '../option-values.ts'

const columns = [
  { heading: 'id', field: 'id' },
  { heading: 'name', field: 'name' },
  { heading: 'status', field: 'status' },
  { heading: 'plan', field: 'plan' },
  { heading: 'made', field: 'createdAtMs', format: 'time' },
] as const

const id = { id: { type: 'positional', description: 'Tenant id.' } } as const satisfies ArgsDef

const change = (name: 'suspend' | 'resume', summary: string, done: string) =>
  action({
    name,
    summary,
    args: id,
    shown: { kind: 'done' },
    request: (args) => ({ method: 'POST', path: `/tenants/${segment(args, 'id')}/${name}` }),
    done: (args) => `${args.required('id')} ${done}.`,
  })

/** `tollgate tenants`. */
export const tenantsCommand = branch('tenants', 'Tenants', {
  list: action({
    name: 'list',
    summary: 'List tenants',
    args: { status: { type: 'enum', options: ['active', 'suspended'] } },
    shown: { kind: 'list', columns },
    request: (args) => ({
      method: 'GET',
      path: '/tenants',
      query: { status: args.text('status') },
    }),
  }),
  get: action({
    name: 'get',
    summary: 'Show a tenant',
    args: id,
    shown: { kind: 'one' },
    request: (args) => ({ method: 'GET', path: `/tenants/${segment(args, 'id')}` }),
  }),
  create: action({
    name: 'create',
    summary: 'Create a tenant',
    args: {
      name: { type: 'positional', description: 'Its name.' },
      id: { type: 'string', description: 'Its id; generated when left out.' },
      plan: { type: 'string', description: 'Its plan.' },
    },
    examples: ['tollgate tenants create "Acme GmbH" --id acme'],
    shown: { kind: 'one' },
    request: (args) => ({
      method: 'POST',
      path: '/tenants',
      body: given({ name: args.required('name'), id: args.text('id'), plan: args.text('plan') }),
    }),
  }),
  update: action({
    name: 'update',
    summary: 'Change a tenant; fields not named keep their values',
    args: {
      ...id,
      name: { type: 'string', description: 'New name.' },
      plan: { type: 'string', description: 'New plan.' },
    },
    shown: { kind: 'one' },
    request: (args) => ({
      method: 'PATCH',
      path: `/tenants/${segment(args, 'id')}`,
      body: given({ name: args.text('name'), plan: args.text('plan') }),
    }),
  }),
  suspend: change('suspend', 'Refuse all credentials of a tenant', 'is suspended'),
  resume: change('resume', 'Admit a suspended tenant again', 'is admitted'),
  delete: action({
    name: 'delete',
    summary: 'Delete a tenant with everything it has',
    args: id,
    shown: { kind: 'done' },
    confirm: (args) =>
      `The tenant ${args.required('id')} goes, with its users, keys, roles and tokens.`,
    request: (args) => ({ method: 'DELETE', path: `/tenants/${segment(args, 'id')}` }),
    done: (args) => `${args.required('id')} is gone.`,
  }),
})
