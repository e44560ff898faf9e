import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { explanation } from '../../admin/views.ts'
import type { Arguments } from '../command.ts'
import { adminArgs, leaf } from '../command.ts'
import { connectAdmin } from '../connection.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { findTenant } from '../find-tenant.ts'
import { given } from '../option-values.ts'
import { formatDuration } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { renderWaterfall } from '../waterfall.ts'

/** `tollgate explain`: what the gate would do with a request, layer by layer. */
export const explainCommand = leaf({
  name: 'explain',
  summary: 'Show what each layer says to a request; nothing is taken, sent or recorded',
  args: {
    method: { type: 'positional', description: 'Such as GET.' },
    url: { type: 'positional', description: 'URL, or a path.' },
    header: { type: 'string', alias: 'H', description: 'Header "Name: value"; may be repeated.' },
    data: { type: 'string', alias: 'd', description: 'Body; @PATH reads a file.' },
    'key-id': { type: 'string', description: 'Explain as this API key, without its secret.' },
    tenant: {
      type: 'string',
      description: 'The tenant of --key-id (TOLLGATE_TENANT; default: the only one there is).',
    },
    'credential-file': {
      type: 'string',
      valueHint: 'path',
      description: 'File with the credential, - for standard input.',
    },
    address: { type: 'string', description: 'Client address (default 127.0.0.1).' },
    ...adminArgs,
  },
  examples: [
    'tollgate explain GET /scenes --key-id key_… --tenant demo',
    'tollgate explain POST /scene -H "content-type: application/json" -d @scene.json --credential-file key.txt',
  ],
  run: async (args, terminal) => {
    const client = await connectAdmin(
      { admin: args.text('admin'), 'root-key-file': args.text('root-key-file') },
      terminal,
    )
    const keyId = args.text('key-id')
    const body = given({
      method: args.required('method').toUpperCase(),
      url: args.required('url'),
      headers: await headersOf(args, terminal),
      body: await bodyOf(args),
      address: args.text('address'),
      keyId,
      tenantId:
        keyId === undefined ? args.text('tenant') : await findTenant(args, client, terminal),
    })
    const answer = await client.send({ method: 'POST', path: '/explain', body })
    if (args.flag('json')) {
      await terminal.out(`${JSON.stringify(answer, null, 2)}\n`)
      return
    }
    const explained = z.parse(explanation, answer)
    await terminal.out(render(explained, terminal))
    if (explained.detail !== null) terminal.hint(explained.detail)
    if (explained.route === null) terminal.hint('List the routes with tollgate config routes.')
  },
})

function render(explained: z.output<typeof explanation>, { color, columns }: Terminal): string {
  const { caller, layers, durationNs } = explained
  const who =
    caller === null || caller.kind === 'anonymous'
      ? 'anonymous'
      : `${caller.kind} ${caller.id} of ${caller.tenantId}`
  const verdict =
    explained.outcome === 'allow'
      ? 'allowed'
      : `refused: ${explained.code ?? ''} (${explained.status})`
  const head = `route ${explained.route ?? '-'}\ncaller ${who}\n${verdict}`
  // A request that matches no route reaches no layer.
  if (layers.length === 0) return `${head}\n`
  return `${head} in ${formatDuration(durationNs)}\n\n${renderWaterfall(layers, { color, columns })}`
}

async function headersOf(args: Arguments, terminal: Terminal): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const line of args.texts('header')) {
    const colon = line.indexOf(':')
    if (colon < 1) {
      throw new CliError(EXIT.usage, `not a header: ${JSON.stringify(line)}`, {
        hint: 'Write -H "Name: value".',
      })
    }
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const file = args.text('credential-file')
  if (file !== undefined) {
    const text = file === '-' ? await terminal.readInput() : await readFile(file, 'utf8')
    headers['authorization'] = `Bearer ${text.trim()}`
  }
  return headers
}

async function bodyOf(args: Arguments): Promise<string | undefined> {
  const data = args.text('data')
  return data?.startsWith('@') === true ? readFile(data.slice(1), 'utf8') : data
}
