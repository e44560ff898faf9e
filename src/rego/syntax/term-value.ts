import { RegoError } from '../errors.ts'
import { makeObject, RSet } from '../values/index.ts'
import type { Value } from '../values/index.ts'
import type { Term } from './ast.ts'

/**
 * The value of a term without variables, references or calls.
 * @throws RegoError when it is not constant.
 */
export function constantValue(term: Term): Value {
  switch (term.kind) {
    case 'null':
      return null
    case 'boolean':
    case 'number':
    case 'string':
      return term.value
    case 'array':
      return term.items.map(constantValue)
    case 'set':
      return RSet.from(term.items.map(constantValue))
    case 'object':
      return makeObject(
        term.entries.map(([key, value]) => [constantValue(key), constantValue(value)] as const),
      )
    case 'call':
    case 'comprehension':
    case 'ref':
    case 'template':
    case 'var':
    default:
      throw new RegoError([{ code: 'rego_parse_error', message: 'expected a constant term' }])
  }
}
