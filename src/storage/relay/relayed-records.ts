import type { BaseRow, Reader, Records } from '../records.ts'
import type { Scope } from '../schema/scope.ts'
import { requireScope } from '../schema/scope.ts'
import type { Caller } from './caller.ts'
import type { WireRow } from './wire.ts'
import { decodeRow, encodeChange, encodeRow } from './wire.ts'

/** The records of another process. */
export function createRelayedRecords(caller: Caller): Records {
  let open = true
  const reader = <R extends BaseRow>(
    collection: { readonly name: string; readonly tenant: boolean },
    scope: Scope,
  ): Reader<R> => {
    if (!open) throw new Error('the records are closed')
    requireScope(collection, scope)
    return createReader(caller, collection.name, scope)
  }
  return {
    tenant: (tenantId, collection) => reader(collection, { kind: 'tenant', tenantId }),
    global: (collection) => reader(collection, { kind: 'global' }),
    across: (collection) => reader(collection, { kind: 'across' }),
    commit: async (changes) => {
      if (!open) throw new Error('the records are closed')
      return caller.call('commit', [changes.map(encodeChange)])
    },
    close: async () => {
      open = false
    },
  }
}

function createReader<R extends BaseRow>(
  caller: Caller,
  collection: string,
  scope: Scope,
): Reader<R> {
  const wire = { collection, scope }
  const decoded = (row: WireRow | null): R | undefined =>
    row === null ? undefined : (decodeRow(row) as unknown as R)
  const encoded = (equals: Partial<R>): WireRow => encodeRow(equals)
  return {
    get: async (id) => decoded(await caller.call('get', [wire, id])),
    getBy: async (index, equals) =>
      decoded(await caller.call('getBy', [wire, index, encoded(equals)])),
    find: async (query) => {
      const equals = encoded(query.equals)
      const page = await caller.call('find', [wire, { ...query, equals }])
      return { ...page, rows: page.rows.map((row) => decodeRow(row) as unknown as R) }
    },
    count: async ({ index, equals }) =>
      caller.call('count', [wire, { index, equals: encoded(equals) }]),
  }
}
