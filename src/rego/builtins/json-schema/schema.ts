import type { RNumber, Value } from '../../values/index.ts'
import type { CompiledPattern } from '../regex/pattern.ts'

/** A compiled schema: what each keyword requires; absent for keywords that the schema does not use. */
export interface Schema {
  /** Set for a boolean schema: whether everything passes, or nothing. */
  pass?: boolean
  reference?: Schema
  types: string[]
  properties: ReadonlyMap<string, Schema>
  patternProperties: readonly (readonly [CompiledPattern, Schema])[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  dependencies: ReadonlyMap<string, readonly string[] | Schema>
  required: readonly string[]
  items?: Schema | readonly Schema[]
  additionalItems?: boolean | Schema
  contains?: Schema
  uniqueItems: boolean
  multipleOf?: RNumber
  minimum?: RNumber
  maximum?: RNumber
  exclusiveMinimum?: RNumber
  exclusiveMaximum?: RNumber
  minLength?: number
  maxLength?: number
  minProperties?: number
  maxProperties?: number
  minItems?: number
  maxItems?: number
  pattern?: CompiledPattern
  patternSource?: string
  format?: string
  constant?: { readonly value: Value }
  enumeration?: readonly Value[]
  anyOf: readonly Schema[]
  oneOf: readonly Schema[]
  allOf: readonly Schema[]
  not?: Schema
  condition?: Schema
  consequence?: Schema
  alternative?: Schema
}

/** A schema that requires nothing. */
export function emptySchema(): Schema {
  return {
    types: [],
    properties: new Map(),
    patternProperties: [],
    dependencies: new Map(),
    required: [],
    uniqueItems: false,
    anyOf: [],
    oneOf: [],
    allOf: [],
  }
}
