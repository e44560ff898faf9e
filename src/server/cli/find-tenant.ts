import type { AdminClient } from './admin-client.ts'
import type { Arguments } from './command.ts'
import { CliError, EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** The tenant to use: the named one, or the only one that exists. */
export async function findTenant(
  args: Arguments,
  client: AdminClient,
  terminal: Terminal,
): Promise<string> {
  const given = args.text('tenant') ?? terminal.environment['TOLLGATE_TENANT']
  if (given !== undefined && given !== '') return given
  const page = (await client.send({ method: 'GET', path: '/tenants', query: { limit: 2 } })) as {
    readonly data: readonly { readonly id: string }[]
  }
  const [only, ...others] = page.data
  if (only !== undefined && others.length === 0) return only.id
  throw new CliError(EXIT.usage, '--tenant is missing', {
    hint: only === undefined ? 'There is no tenant yet.' : 'List them with tollgate tenants list.',
  })
}
