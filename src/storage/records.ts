/**
 * Records: rows with an id, found by declared indexes, changed in atomic batches. Domain-free: nouns
 * declare their {@link Collection}s; adapters (memory, SQLite, later PostgreSQL) store them.
 *
 * Isolation is structural: a collection with `tenant: true` can only be reached through
 * {@link Records.tenant}, which adds the tenant to every read and write, or by an index that the
 * collection itself declares `acrossTenants` (finding a credential's owner, start-up scans).
 */

/** What a column holds. `json` is any JSON value; `bytes` a Uint8Array; `integer` a safe integer. */
export type ColumnType = 'text' | 'integer' | 'real' | 'boolean' | 'json' | 'bytes'

/** A column's type and whether it may be null. */
export interface Column {
  readonly type: ColumnType
  readonly nullable?: boolean
}

/**
 * The columns of every row. Adapters maintain `version` (starts at 1, grows by 1 with each update), and set
 * `updatedAtMs` to now on an update that does not name it.
 */
export interface BaseRow {
  readonly id: string
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** A row of a collection that belongs to tenants. */
export interface TenantRow extends BaseRow {
  readonly tenantId: string
}

/** An index, named for the query it serves. The row id is always its last, hidden column. */
export interface Index<R> {
  readonly name: string
  readonly columns: readonly (keyof R & string)[]
  /**
   * At most one row for each combination of values (within its tenant, unless `acrossTenants`). Rows with a null in
   * these columns never collide.
   */
  readonly unique?: boolean
  /** May be queried without naming a tenant. */
  readonly acrossTenants?: boolean
}

/**
 * A kind of row. `columns` leaves out those of {@link BaseRow} and `tenantId`. A row's id is unique in its collection,
 * or within its tenant if the collection belongs to tenants.
 */
export interface Collection<R extends BaseRow> {
  readonly name: string
  readonly tenant: boolean
  readonly columns: Readonly<Record<Exclude<keyof R & string, keyof TenantRow>, Column>>
  readonly indexes: readonly Index<R>[]
}

/**
 * A page of rows, in index order: null first, numbers by size, text by code point. `nextCursor` is opaque, absent on
 * the last page. A cursor that is forged or belongs to another query finds no rows, and sets `badCursor`; it never
 * reaches beyond the scope.
 */
export interface Page<R> {
  readonly rows: readonly R[]
  readonly nextCursor?: string
  readonly badCursor?: true
}

/** Which rows to find: those whose leading index columns equal `equals`. */
export interface Query<R> {
  readonly index: string
  readonly equals: Partial<R>
  /** Range on the index column that follows the equal ones, inclusive. */
  readonly from?: string | number
  readonly to?: string | number
  readonly descending?: boolean
  readonly cursor?: string
  /** The most rows to return; clamped to 1 to 1000. Default: 100. */
  readonly limit?: number
}

/** Reads of one collection within a scope. */
export interface Reader<R extends BaseRow> {
  get(id: string): Promise<R | undefined>
  /** The row with these values in a unique index. */
  getBy(index: string, equals: Partial<R>): Promise<R | undefined>
  find(query: Query<R>): Promise<Page<R>>
  count(query: Pick<Query<R>, 'index' | 'equals'>): Promise<number>
}

/**
 * One change. With `ifVersion`, it applies only to that version of the row. A batch applies all of its changes or none;
 * the promise of {@link Records.commit} resolves when it is on disk.
 */
export type Change =
  | { readonly op: 'insert'; readonly collection: string; readonly row: NewRow }
  | {
      readonly op: 'update'
      readonly collection: string
      readonly tenantId?: string
      readonly id: string
      readonly set: Readonly<Record<string, unknown>>
      readonly ifVersion?: number
    }
  | {
      readonly op: 'delete'
      readonly collection: string
      readonly tenantId?: string
      readonly id: string
      readonly ifVersion?: number
    }
  /**
   * Removes all rows whose leading columns of `index` equal `equals`; for cascades. A tenant collection needs the
   * tenant, or an index across tenants.
   */
  | {
      readonly op: 'deleteWhere'
      readonly collection: string
      readonly tenantId?: string
      readonly index: string
      readonly equals: Readonly<Record<string, unknown>>
    }

/** A row to insert; the adapter sets `version` to 1. */
export type NewRow = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/**
 * The outcome of a batch; on failure no part of it was applied. `change` is the index of the failed change in the
 * batch.
 */
export type CommitOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly reason: 'missing' | 'stale' | 'duplicate'
      readonly change: number
      /** The unique index that was violated; absent if it was the id itself. */
      readonly index?: string
    }

/**
 * Durable rows. Programming errors (an unknown index, a value that does not fit its column, a tenant collection without
 * a tenant) throw or reject; failures that data can cause are returned as values.
 */
export interface Records {
  /** Reads within one tenant. */
  tenant<R extends TenantRow>(tenantId: string, collection: Collection<R>): Reader<R>
  /** Reads of a collection that has no tenants. */
  global<R extends BaseRow>(collection: Collection<R>): Reader<R>
  /** Reads by the indexes that a tenant collection declares `acrossTenants`. */
  across<R extends TenantRow>(collection: Collection<R>): Pick<Reader<R>, 'getBy' | 'find'>
  /** Applies the changes all or none; resolves once they are on disk (durability: acknowledged). */
  commit(changes: readonly Change[]): Promise<CommitOutcome>
  close(): Promise<void>
}
