import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { sql } from 'kysely'
import type { CollectionSchema } from '../schema/collection-schema.ts'
import type { Match, Selection } from '../schema/selection.ts'
import type { SqlTypes, SqlValue } from './codec.ts'
import { encodeValue } from './codec.ts'
import type { Builder, Slot, Statement, Tables } from './statement.ts'
import { createSlots, StatementCache } from './statement.ts'

/** A statement and the values of one execution. */
export interface Execution {
  readonly statement: Statement
  readonly values: readonly SqlValue[]
}

type Where = ExpressionBuilder<Tables, string>

/** Builds the reads of {@link Records} once per shape, for any database. */
export class Reads {
  readonly #builder: Builder
  readonly #types: SqlTypes
  readonly #cache = new StatementCache()

  constructor(builder: Builder, types: SqlTypes) {
    this.#builder = builder
    this.#types = types
  }

  byKey(schema: CollectionSchema, key: readonly string[]): Execution {
    const statement = this.#cache.get(`get ${schema.name}`, () => {
      const slot = createSlots()
      let query = this.#builder.selectFrom(schema.name).selectAll()
      for (const name of schema.key) query = query.where(name, '=', slot())
      return query
    })
    return { statement, values: key }
  }

  /** The only row of a match on all columns of a unique index. */
  one(match: Match): Execution {
    const statement = this.#cache.get(`one ${matchKey(match)}`, () =>
      this.#builder
        .selectFrom(match.schema.name)
        .selectAll()
        .where((eb) => equalsAll(eb, match, createSlots()))
        .limit(1),
    )
    return { statement, values: this.#equalsValues(match) }
  }

  count(match: Match): Execution {
    const statement = this.#cache.get(`count ${matchKey(match)}`, () =>
      this.#builder
        .selectFrom(match.schema.name)
        .select((eb) => eb.fn.countAll().as('count'))
        .where((eb) => equalsAll(eb, match, createSlots())),
    )
    return { statement, values: this.#equalsValues(match) }
  }

  /** Up to `limit + 1` rows of a selection, in its order. */
  find(selection: Selection): Execution {
    const { schema, order, from, to, after, descending, limit } = selection
    const shape = [
      matchKey(selection),
      from === undefined ? '' : 'from',
      to === undefined ? '' : 'to',
      descending ? 'down' : 'up',
      after?.map((value) => (value === null ? '0' : '1')).join('') ?? '',
    ]
    const statement = this.#cache.get(`find ${shape.join(' ')}`, () => {
      const slot = createSlots()
      let query = this.#builder
        .selectFrom(schema.name)
        .selectAll()
        .where((eb) => equalsAll(eb, selection, slot))
      if (from !== undefined) query = query.where(order[0]!, '>=', slot())
      if (to !== undefined) query = query.where(order[0]!, '<=', slot())
      if (after !== undefined) query = query.where((eb) => beyond(eb, selection, slot))
      for (const name of order) {
        query = query.orderBy(name, (by) => {
          const way = descending ? by.desc() : by.asc()
          if (schema.columns.get(name)!.nullable !== true) return way
          return descending ? way.nullsLast() : way.nullsFirst()
        })
      }
      return query.limit(slot() as unknown as number)
    })
    const bounds = [from, to].filter((bound) => bound !== undefined)
    const places = (after ?? []).map((value, at) => this.#encode(schema, order[at]!, value))
    const values = [...this.#equalsValues(selection), ...bounds, ...places, limit + 1]
    return { statement, values }
  }

  #equalsValues(match: Match): SqlValue[] {
    return match.equals
      .filter(([, value]) => value !== null)
      .map(([name, value]) => this.#encode(match.schema, name, value))
  }

  #encode(schema: CollectionSchema, name: string, value: unknown): SqlValue {
    return encodeValue(this.#types, schema.columns.get(name)!.type, value)
  }
}

/** A key that tells the statements of matches apart. */
export function matchKey(match: Match): string {
  const equals = match.equals.map(([name, value]) => (value === null ? `${name}?` : name))
  return `${match.schema.name} ${match.index.name} ${equals.join(',')}`
}

/** The condition that all columns of a match equal their values; each value that is not null takes a slot. */
export function equalsAll(eb: Where, match: Match, slot: () => Slot): Expression<SqlBool> {
  return eb.and(
    match.equals.map(([name, value]) =>
      value === null ? eb(name, 'is', null) : eb(name, '=', slot()),
    ),
  )
}

/** The condition for rows that follow `after` in the order of the selection (keyset pagination). */
function beyond(eb: Where, selection: Selection, slot: () => Slot): Expression<SqlBool> {
  const { schema, order, descending } = selection
  const after = selection.after!
  const slots = order.map(() => slot())
  const nullable = order.map((name) => schema.columns.get(name)!.nullable === true)
  const sign = descending ? '<' : '>'
  if (!nullable.includes(true)) {
    const columns = sql`(${sql.join(order.map((name) => eb.ref(name)))})`
    return eb(columns, sign, sql`(${sql.join(slots)})`)
  }
  const follows = (at: number): Expression<SqlBool> => {
    const name = order[at]!
    const isNull = after[at] === null
    const past = descending
      ? [
          ...(isNull ? [] : [eb(name, '<', slots[at])]),
          ...(isNull || !nullable[at] ? [] : [eb(name, 'is', null)]),
        ]
      : [isNull ? eb(name, 'is not', null) : eb(name, '>', slots[at])]
    if (at + 1 === order.length) return eb.or(past)
    const same = isNull ? eb(name, 'is', null) : eb(name, '=', slots[at])
    return eb.or([...past, eb.and([same, follows(at + 1)])])
  }
  const lead = !descending && after[0] !== null ? [eb(order[0]!, '>=', slots[0])] : []
  return eb.and([...lead, follows(0)])
}
