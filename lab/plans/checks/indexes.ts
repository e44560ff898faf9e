/**
 * Asks SQLite for its query plans in the record store of the plan's gate: every lookup that requests need, and every
 * list, must use an index and never scan or sort a table.
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { DATA } from './second-gate.ts'

/** Table, columns to look up by, columns to sort by. */
const LOOKUPS = [
  ['keys', ['publicId'], []],
  ['tokens', ['publicId'], []],
  ['sessions', ['publicId'], []],
  ['bans', ['kind', 'subject'], []],
  ['tenants', ['id'], []],
  ['users', ['tenantId', 'id'], []],
  ['users', ['tenantId', 'login'], []],
  ['roles', ['tenantId', 'name'], []],
  ['role_assignments', ['tenantId', 'subjectId'], []],
  ['counters', ['id'], []],
  ['keys', ['tenantId'], ['createdAtMs', 'id']],
  ['keys', ['tenantId', 'userId'], ['createdAtMs', 'id']],
  ['tokens', ['tenantId'], ['createdAtMs', 'id']],
  ['users', ['tenantId'], ['createdAtMs', 'id']],
  ['tenants', [], ['createdAtMs', 'id']],
] as const

const database = new Database(join(DATA, 'tollgate.db'), { readonly: true })
const quoted = (names: readonly string[]): string[] => names.map((name) => `"${name}"`)
const slow = LOOKUPS.flatMap(([table, known, order]) => {
  const where = quoted(known).map((name) => `${name} = ?`)
  const sql = [
    `SELECT * FROM "${table}"`,
    ...(where.length > 0 ? [`WHERE ${where.join(' AND ')}`] : []),
    ...(order.length > 0 ? [`ORDER BY ${quoted(order).join(', ')}`] : []),
    'LIMIT 50',
  ].join(' ')
  const plan = database.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all()
  const details = plan.map(({ detail }) => detail).join('; ')
  return /USING .*INDEX/.test(details) && !details.includes('TEMP B-TREE')
    ? []
    : [`${sql}: ${details}`]
})
database.close()
process.stdout.write(
  slow.length === 0
    ? `${LOOKUPS.length} lookups and lists, each by an index\n`
    : `${slow.join('\n')}\n`,
)
process.exit(slow.length === 0 ? 0 : 1)
