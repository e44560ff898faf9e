import type { ArgsDef } from 'citty'
import type { AdminClient, AdminRequest } from './admin-client.ts'
import type { Arguments, Command } from './command.ts'
import { adminArgs, leaf } from './command.ts'
import { connectAdmin } from './connection.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { findTenant } from './find-tenant.ts'
import type { TableColumn } from './table.ts'
import { renderFields, renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** How an answer is shown. */
type Shown =
  /** A list, following pages. */
  | {
      readonly kind: 'list'
      readonly columns: readonly TableColumn[]
      /** A field with a list: each of its items gets its own row, with the item as the field. */
      readonly split?: string
    }
  /** One thing, one line for each field. */
  | { readonly kind: 'one' }
  /** Something with secrets: only these go to standard output, so that they can be piped. */
  | { readonly kind: 'issued'; readonly secrets: readonly string[]; readonly id: string }
  /** Only a message that it is done. */
  | { readonly kind: 'done' }

/** A command that is one request to the admin API. */
export interface Action {
  readonly name: string
  readonly summary: string
  readonly args?: ArgsDef
  readonly examples?: readonly string[]
  /** Whether it belongs to a tenant: `--tenant` is then accepted, and passed to `request`. */
  readonly tenant?: boolean
  /** The question to confirm an action that cannot be undone, unless `--yes` is given. */
  readonly confirm?: (args: Arguments) => string
  request(args: Arguments, context: ActionContext): AdminRequest | Promise<AdminRequest>
  readonly shown: Shown
  /** The message on standard error when done. */
  readonly done?: (args: Arguments) => string
}

/** What an action gets from its environment. */
interface ActionContext {
  readonly tenantId: string
  readonly terminal: Terminal
}

const tenantArg = {
  tenant: {
    type: 'string',
    valueHint: 'id',
    description: 'The tenant (TOLLGATE_TENANT; default: the only one there is).',
  },
} as const satisfies ArgsDef

const yesArg = {
  yes: { type: 'boolean', description: 'Do not ask for confirmation.' },
} as const satisfies ArgsDef

const limitArg = {
  limit: { type: 'string', valueHint: 'n', description: 'Maximum number (default 100; 0: all).' },
} as const satisfies ArgsDef

/** Turns an action into a command. */
export function action(spec: Action): Command {
  return leaf({
    name: spec.name,
    summary: spec.summary,
    ...(spec.examples !== undefined && { examples: spec.examples }),
    args: {
      ...spec.args,
      ...(spec.tenant === true && tenantArg),
      ...(spec.confirm !== undefined && yesArg),
      ...(spec.shown.kind === 'list' && limitArg),
      ...adminArgs,
    },
    run: async (args, terminal) => {
      const client = await connectAdmin(
        { admin: args.text('admin'), 'root-key-file': args.text('root-key-file') },
        terminal,
      )
      const tenantId =
        spec.tenant === true ? encodeURIComponent(await findTenant(args, client, terminal)) : ''
      if (spec.confirm !== undefined) await confirm(spec.confirm(args), args, terminal)
      const request = await spec.request(args, { tenantId, terminal })
      await show(spec, request, client, args, terminal)
    },
  })
}

async function show(
  { shown, done }: Action,
  request: AdminRequest,
  client: AdminClient,
  args: Arguments,
  terminal: Terminal,
): Promise<void> {
  const style = { color: terminal.color, aligned: terminal.isInteractive }
  const json = async (value: unknown): Promise<void> =>
    terminal.out(`${JSON.stringify(value, null, 2)}\n`)
  if (shown.kind === 'list') {
    const rows = await readPages(client, request, readLimit(args))
    if (args.flag('json')) await json(rows)
    else await terminal.out(renderTable(splitRows(rows, shown.split), shown.columns, style))
    if (rows.length === 0) terminal.hint('There is none.')
    return
  }
  const value = await client.send(request)
  if (args.flag('json')) await json(value ?? { ok: true })
  else if (shown.kind === 'one') await terminal.out(renderFields(value, style))
  else if (shown.kind === 'issued') await showIssued(value, shown, terminal)
  if (done !== undefined) terminal.hint(done(args))
}

function splitRows(rows: readonly unknown[], field: string | undefined): readonly unknown[] {
  if (field === undefined) return rows
  return (rows as readonly Readonly<Record<string, unknown>>[]).flatMap((row) => {
    const items = row[field]
    return Array.isArray(items)
      ? items.map((item: unknown) => Object.assign({}, row, { [field]: item }))
      : [row]
  })
}

async function showIssued(
  value: unknown,
  shown: Extract<Shown, { kind: 'issued' }>,
  terminal: Terminal,
): Promise<void> {
  const fields = value as Readonly<Record<string, unknown>>
  const thing = fields[shown.id] as { readonly id?: string } | undefined
  const id = thing?.id === undefined ? '' : `${thing.id}: `
  terminal.hint(`${id}shown this once; keep it safe.`)
  for (const name of shown.secrets) {
    const secret = fields[name]
    if (typeof secret === 'string') await terminal.out(`${secret}\n`)
  }
}

const PAGE_LIMIT = 500
const LIST_LIMIT_DEFAULT = 100

function readLimit(args: Arguments): number {
  const text = args.text('limit') ?? String(LIST_LIMIT_DEFAULT)
  if (!/^\d{1,9}$/.test(text)) {
    throw new CliError(EXIT.usage, `--limit must be a whole number, not ${text}`)
  }
  return text === '0' ? Infinity : Number(text)
}

/** Follows pages until there are `limit` rows or no more. */
async function readPages(
  client: AdminClient,
  request: AdminRequest,
  limit: number,
): Promise<unknown[]> {
  const rows: unknown[] = []
  let cursor: string | undefined
  do {
    const wanted = Math.min(PAGE_LIMIT, limit - rows.length)
    const query = { ...request.query, limit: wanted, cursor }
    const page = (await client.send({ ...request, query })) as {
      readonly data: readonly unknown[]
      readonly nextCursor: string | null
    }
    rows.push(...page.data)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && rows.length < limit)
  return rows
}

async function confirm(what: string, args: Arguments, terminal: Terminal): Promise<void> {
  if (args.flag('yes')) return
  if (!terminal.canAsk) {
    throw new CliError(EXIT.usage, `this cannot be undone: ${what}`, {
      hint: 'Say --yes to go ahead.',
    })
  }
  const answer = await terminal.ask(`${what} Type yes to go ahead: `)
  if (answer.trim().toLowerCase() !== 'yes') throw new CliError(EXIT.error, 'left as it was')
}
