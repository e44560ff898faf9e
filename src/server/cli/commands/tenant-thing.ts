import { action } from '../action.ts'
import type { Arguments, Command } from '../command.ts'
import { segment } from '../option-values.ts'

/** A command on one thing of a tenant: its purpose, and its message when done. */
interface OneThing {
  readonly summary: string
  readonly done?: string
  /** The question to confirm an action that cannot be undone. */
  readonly confirm?: (args: Arguments) => string
}

/** Commands that are alike for all things of a tenant, such as keys and users. */
export interface TenantThing {
  /** The positional argument that names one. */
  readonly id: { readonly id: { readonly type: 'positional'; readonly description: string } }
  /** The path of one in the admin API. */
  pathOf(this: void, tenantId: string, args: Arguments): string
  get(this: void, summary: string): Command
  /** A command that sends a request without a body to the action of that name. */
  act(this: void, name: string, what: OneThing): Command
  remove(this: void, what: OneThing): Command
}

/** Makes the commands for one kind of thing, named as in the admin API. */
export function tenantThing(kind: string, idDescription: string): TenantThing {
  const id = { id: { type: 'positional', description: idDescription } } as const
  const pathOf = (tenantId: string, args: Arguments): string =>
    `/tenants/${tenantId}/${kind}/${segment(args, 'id')}`
  const change = (
    name: string,
    { summary, confirm, done = 'is gone' }: OneThing,
    request: { readonly method: 'DELETE' | 'POST'; readonly verb: string },
  ): Command =>
    action({
      name,
      summary,
      tenant: true,
      args: id,
      shown: { kind: 'done' },
      ...(confirm !== undefined && { confirm }),
      request: (args, { tenantId }) => ({
        method: request.method,
        path: pathOf(tenantId, args) + request.verb,
      }),
      done: (args) => `${args.required('id')} ${done}.`,
    })
  return {
    id,
    pathOf,
    get: (summary) =>
      action({
        name: 'get',
        summary,
        tenant: true,
        args: id,
        shown: { kind: 'one' },
        request: (args, { tenantId }) => ({ method: 'GET', path: pathOf(tenantId, args) }),
      }),
    act: (name, what) => change(name, what, { method: 'POST', verb: `/${name}` }),
    remove: (what) => change('delete', what, { method: 'DELETE', verb: '' }),
  }
}
