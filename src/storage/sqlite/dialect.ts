import type { Database, SQLQueryBindings } from 'bun:sqlite'
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

/** Kysely over one bun:sqlite connection, for schema work; rows use prepared statements. */
export function createSqliteDialect(database: Database): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(database),
    createIntrospector: (builder) => new SqliteIntrospector(builder),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

function createDriver(database: Database): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => execute<R>(database, query),
    streamQuery: () => {
      throw new Error('streaming is not supported')
    },
  }
  const run = async (statement: string): Promise<void> => {
    database.run(statement)
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: async () => run('BEGIN IMMEDIATE'),
    commitTransaction: async () => run('COMMIT'),
    rollbackTransaction: async () => run('ROLLBACK'),
    releaseConnection: async () => {},
    destroy: async () => {},
  }
}

function execute<R>(database: Database, query: CompiledQuery): QueryResult<R> {
  const statement = database.prepare(query.sql)
  try {
    const parameters = query.parameters as SQLQueryBindings[]
    if (statement.columnNames.length > 0) return { rows: statement.all(...parameters) as R[] }
    const { changes } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes) }
  } finally {
    statement.finalize()
  }
}
