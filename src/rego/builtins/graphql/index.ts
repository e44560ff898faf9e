import { isObject } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { operandTypeError, stringOperand } from '../operands.ts'
import { BuiltinError } from '../types.ts'
import type { BuiltinCall } from '../types.ts'
import type { Positions, QueryDocument, SchemaDocument } from './ast.ts'
import { faultsError } from './errors.ts'
import { overlappingFieldsCanBeMerged } from './merge-rules.ts'
import { parseQueryDocument } from './parse-query.ts'
import { parseSchemaDocument } from './parse-schema.ts'
import { RULES } from './rules.ts'
import { buildSchema } from './schema.ts'
import { valuesOfCorrectType } from './value-rules.ts'
import { Walk } from './walker.ts'

type Args = readonly Value[]

const ALL_RULES = [...RULES, overlappingFieldsCanBeMerged, valuesOfCorrectType]

/** The trees are plain JSON, so nodes can be used as values unchanged. */
function asValue(document: QueryDocument | SchemaDocument): Value {
  return document as unknown as Value
}

/** A document from its source, or from the tree that a policy passes. */
function documentOperand<T>(
  args: Args,
  index: number,
  parse: (source: string, positions: Positions) => T,
  positions: Positions,
): T {
  const value = args[index]!
  if (typeof value === 'string') return parse(value, positions)
  if (!isObject(value)) throw operandTypeError(index - 1, value, 'string', 'object')
  return value as unknown as T
}

interface Parsed {
  readonly query: QueryDocument
  readonly schema: SchemaDocument
}

/** Reads and checks both documents; throws their faults. */
function parseBoth(args: Args): Parsed {
  const queryPositions: Positions = new WeakMap()
  const schemaPositions: Positions = new WeakMap()
  const query = documentOperand(args, 0, parseQueryDocument, queryPositions)
  const document = documentOperand(args, 1, parseSchemaDocument, schemaPositions)
  const faults = new Walk(
    buildSchema(document, schemaPositions),
    query,
    queryPositions,
    ALL_RULES,
  ).run()
  if (faults.length > 0) throw faultsError(faults)
  return { query, schema: document }
}

/** The result, or the fallback when a document has faults. A tree of the wrong shape counts as a fault too. */
function orElse(fallback: Value, compute: () => Value): Value {
  try {
    return compute()
  } catch (error) {
    if (error instanceof BuiltinError || error instanceof TypeError) return fallback
    throw error
  }
}

function wellFormed(compute: () => Value): Value {
  try {
    return compute()
  } catch (error) {
    throw error instanceof TypeError ? new BuiltinError('the syntax tree is malformed') : error
  }
}

function checkSchema(args: Args): boolean {
  const positions: Positions = new WeakMap()
  buildSchema(documentOperand(args, 0, parseSchemaDocument, positions), positions)
  return true
}

/** GraphQL documents. */
export const GRAPHQL: Readonly<Record<string, BuiltinCall>> = {
  'graphql.parse_query': (_, args) =>
    asValue(parseQueryDocument(stringOperand(args, 0), new WeakMap())),
  'graphql.parse_schema': (_, args) =>
    asValue(parseSchemaDocument(stringOperand(args, 0), new WeakMap())),
  'graphql.parse': (_, args) =>
    wellFormed(() => {
      const { query, schema } = parseBoth(args)
      return [asValue(query), asValue(schema)]
    }),
  'graphql.parse_and_verify': (_, args) =>
    orElse([false, {}, {}], () => {
      const { query, schema } = parseBoth(args)
      return [true, asValue(query), asValue(schema)]
    }),
  'graphql.is_valid': (_, args) => orElse(false, () => parseBoth(args) !== undefined),
  'graphql.schema_is_valid': (_, args) => orElse(false, () => checkSchema(args)),
}
