import type { ArgsDef } from 'citty'
import { action } from '../action.ts'
import type { Arguments } from '../command.ts'
import { adminArgs, branch, leaf } from '../command.ts'
import { connectAdmin } from '../connection.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { verifyCommand } from '../verify-audit.ts'

const columns = [
  { heading: 'seq', field: 'seq' },
  { heading: 'time', field: 'timeMs', format: 'time' },
  { heading: 'kind', field: 'kind' },
  { heading: 'tenant', field: 'tenantId' },
  { heading: 'actor', field: 'actor.id' },
  { heading: 'action', field: 'action' },
  { heading: 'target', field: 'target' },
  { heading: 'outcome', field: 'outcome' },
  { heading: 'status', field: 'status' },
] as const

const filters = {
  tenant: { type: 'string', valueHint: 'id', description: 'Only records of this tenant.' },
  actor: { type: 'string', valueHint: 'id', description: 'Only actions of this actor.' },
  action: { type: 'string', description: 'Such as key.revoke.' },
  outcome: { type: 'string', description: 'ok, allow, pending or a refusal code.' },
  kind: { type: 'enum', options: ['traffic', 'admin', 'system', 'gap'] },
  request: { type: 'string', valueHint: 'id', description: 'Only records of this request.' },
  from: { type: 'string', valueHint: 'time', description: 'Earliest time, such as 2026-01-31.' },
  to: { type: 'string', valueHint: 'time', description: 'Latest time.' },
} as const satisfies ArgsDef

const queryOf = (args: Arguments): Record<string, string | undefined> => ({
  tenantId: args.text('tenant'),
  actorId: args.text('actor'),
  action: args.text('action'),
  outcome: args.text('outcome'),
  kind: args.text('kind'),
  requestId: args.text('request'),
  from: args.text('from'),
  to: args.text('to'),
})

/** `tollgate audit`. */
export const auditCommand = branch('audit', 'The audit log', {
  list: action({
    name: 'list',
    summary: 'Search audit records, newest first',
    args: filters,
    examples: ['tollgate audit list --tenant demo --action key.revoke --from 2026-01-31'],
    shown: { kind: 'list', columns },
    request: (args) => ({ method: 'GET', path: '/audit', query: queryOf(args) }),
  }),
  export: leaf({
    name: 'export',
    summary: 'Write audit records as NDJSON, oldest first',
    args: { ...filters, ...adminArgs },
    examples: ['tollgate audit export --from 2026-01-01 > audit.ndjson'],
    run: async (args, terminal) => {
      const client = await connectAdmin(
        { admin: args.text('admin'), 'root-key-file': args.text('root-key-file') },
        terminal,
      )
      const request = { method: 'GET', path: '/audit/export', query: queryOf(args) } as const
      const decoder = new TextDecoder()
      let last = '\n'
      for await (const chunk of await client.stream(request)) {
        const text = decoder.decode(chunk, { stream: true })
        await terminal.out(text)
        last = text.at(-1) ?? last
      }
      if (last !== '\n') throw new CliError(EXIT.error, 'the export was cut short')
    },
  }),
  verify: verifyCommand,
  checkpoint: action({
    name: 'checkpoint',
    summary: 'Print the newest record on disk: save it elsewhere, to verify against later',
    examples: ['tollgate audit checkpoint --json > checkpoint.json'],
    shown: { kind: 'one' },
    request: () => ({ method: 'GET', path: '/audit/checkpoint' }),
  }),
})
