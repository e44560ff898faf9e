export {
  compareNumbers,
  fromBigInt,
  isInteger,
  numberText,
  parseNumber,
  RBig,
  toBigInt,
  toDouble,
} from './decimal.ts'
export type { RNumber } from './decimal.ts'
export {
  compare,
  compareStrings,
  equals,
  hash,
  isArray,
  isPlainObject,
  RObj,
  RSet,
  sortedEntries,
} from './value.ts'
export type { PlainObject, Value } from './value.ts'
export {
  isNumber,
  isObject,
  lookup,
  makeObject,
  objectEntries,
  objectGet,
  objectSize,
  setOwn,
  typeName,
} from './object.ts'
export { escapeCharacter, quoteString } from './quote.ts'
export { jsonKey, stringifyJson, toJson, toTermText } from './text.ts'
export type { JsonOptions } from './text.ts'
export { parseJson } from './parse-json.ts'
export {
  abs,
  add,
  ceil,
  divide,
  floor,
  multiply,
  multiplyAll,
  remainder,
  round,
  subtract,
} from './arithmetic.ts'
export { multiplyFloats, toBigFloat, truncate } from './big-float.ts'
