import type { Compilable, Kysely } from 'kysely'
import type { SqlValue } from './codec.ts'

/** Tables by name; collections are declared at run time, so columns are known only from their schema. */
export type Tables = Record<string, Record<string, unknown>>

/** The query builder of any database. */
export type Builder = Kysely<Tables>

/** Stands for a value that is given later, by its place in the values of an execution. */
export class Slot {
  readonly place: number

  constructor(place: number) {
    this.place = place
  }
}

/** SQL compiled once, with the places that its parameters come from. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** Whether the parameters are exactly the given values, in their order. */
  readonly takesValues: boolean
}

/** Hands out {@link Slot}s in the order in which values will be given. */
export function createSlots(): () => Slot {
  let place = 0
  return () => new Slot(place++)
}

/** Compiles a query whose parameters are slots. */
function compileStatement(query: Compilable): Statement {
  const { sql, parameters } = query.compile()
  const takesValues = parameters.every((each, at) => each instanceof Slot && each.place === at)
  return { sql, parameters, takesValues }
}

/** The parameters of one execution. */
export function bindValues(statement: Statement, values: readonly SqlValue[]): readonly SqlValue[] {
  if (statement.takesValues) return values
  return statement.parameters.map((parameter) => {
    if (parameter instanceof Slot) return values[parameter.place]!
    if (typeof parameter === 'number' || typeof parameter === 'string') return parameter
    throw new TypeError('a statement holds a parameter that is neither slot nor constant')
  })
}

/** Compiled statements by the shape of their query. */
export class StatementCache {
  readonly #statements = new Map<string, Statement>()

  get(key: string, build: () => Compilable): Statement {
    let statement = this.#statements.get(key)
    if (statement === undefined) {
      statement = compileStatement(build())
      this.#statements.set(key, statement)
    }
    return statement
  }
}
