import type { ScalarTag } from 'yaml'
import { Document, isScalar, parseDocument, Scalar, visit, YAMLParseError } from 'yaml'
import {
  fromBigInt,
  isArray,
  isNumber,
  makeObject,
  numberText,
  parseNumber,
  RSet,
  sortedEntries,
  stringifyJson,
} from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BuiltinError } from '../types.ts'
import { compareNaturally } from './natural-order.ts'

/** YAML 1.1 has types that JSON lacks; as in OPA, their values stay text. */
const UNUSED_TAGS: ReadonlySet<string> = new Set([
  'timestamp',
  'omap',
  'pairs',
  'set',
  'intTime',
  'floatTime',
])
const MISSING_DELIMITER: ReadonlySet<string> = new Set(['MISSING_CHAR', 'BAD_COLLECTION_TYPE'])
/** YAML 1.2's octal notation, which OPA reads too. */
const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => {
    const magnitude = BigInt(text.replace(/[-+_]/g, ''))
    return text.startsWith('-') ? -magnitude : magnitude
  },
}
const ALIASES_MAX = 1_000
const AMBIGUOUS =
  /^(?:|~|null|true|false|yes|no|on|off|y|n|\.nan|[+-]?\.inf|[+-]?(?:0x[\da-f_]+|0o?[0-7_]+|0b[01_]+|[\d][\d_]*)|[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[+-]?\d+)?|\d{4}-\d\d?-\d\d?.*|[+-]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?)$/i
const NEEDS_QUOTES = /^[\s\-?:,[\]{}#&*!|>'"%@`]|: |:$| #|\s$/
const PLAIN_AFTER_DASH = /^[-?:][^\s]/
const UNPRINTABLE = /[^\t\n\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u

/**
 * Reads YAML (the 1.1 rules: `yes` is true, `012` is octal) as JSON data; if a key is repeated, the last one wins.
 * @throws BuiltinError `yaml: line N: …`.
 */
export function parseYaml(text: string): Value {
  const document = parseDocument(text, {
    version: '1.1',
    schema: 'yaml-1.1',
    merge: true,
    uniqueKeys: false,
    intAsBigInt: true,
    logLevel: 'silent',
    customTags: (tags) => [
      OCTAL,
      ...tags.filter((tag) => typeof tag === 'string' || !isUnused(tag.tag, tag)),
    ],
  })
  const [error] = document.errors
  if (error !== undefined) throw yamlError(error)
  try {
    return toValue(document.toJS({ mapAsMap: true, maxAliasCount: ALIASES_MAX }))
  } catch (failure) {
    throw failure instanceof ReferenceError ? new BuiltinError(`yaml: ${failure.message}`) : failure
  }
}

function isUnused(tag: string, definition: object): boolean {
  const format = 'format' in definition ? definition.format : undefined
  return UNUSED_TAGS.has(tag.split(':').at(-1) ?? '') || format === 'TIME'
}

function yamlError(error: YAMLParseError | Error): BuiltinError {
  if (!(error instanceof YAMLParseError)) return new BuiltinError(`yaml: ${error.message}`)
  const line = error.linePos?.[0].line ?? 1
  const reason = MISSING_DELIMITER.has(error.code)
    ? "did not find expected ',' or ']'"
    : error.message.split('\n')[0]
  return new BuiltinError(`yaml: line ${line}: ${reason}`)
}

function toValue(data: unknown): Value {
  if (data instanceof Map) {
    return makeObject(
      [...data].map(([key, value]) => [keyText(toValue(key)), toValue(value)] as const),
    )
  }
  if (Array.isArray(data)) return data.map(toValue)
  if (data instanceof Uint8Array) return new TextDecoder().decode(data)
  if (typeof data === 'bigint') return fromBigInt(data)
  if (typeof data === 'number') {
    if (!Number.isFinite(data))
      throw new BuiltinError(
        `json: unsupported value: ${data > 0 ? '+Inf' : data < 0 ? '-Inf' : 'NaN'}`,
      )
    return parseNumber(String(data))
  }
  return typeof data === 'string' || typeof data === 'boolean' ? data : null
}

function keyText(key: Value): string {
  if (typeof key === 'string') return key
  return isNumber(key) ? numberText(key) : stringifyJson(key)
}

/** Writes a value as YAML in block style, keys in natural order, sequences not indented beneath their key. */
export function stringifyYaml(value: Value): string {
  const document = new Document(toYamlData(value), {
    version: '1.2',
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Scalar(_, node) {
      if (isScalar(node) && typeof node.value === 'string') node.type = scalarType(node.value)
    },
  })
  return document.toString({
    indentSeq: false,
    lineWidth: 0,
    directives: false,
    flowCollectionPadding: false,
  })
}

function scalarType(text: string): Scalar.Type {
  if (AMBIGUOUS.test(text) || UNPRINTABLE.test(text) || text.includes('\t'))
    return Scalar.QUOTE_DOUBLE
  if (text.includes('\n')) return /^\s/.test(text) ? Scalar.QUOTE_DOUBLE : Scalar.BLOCK_LITERAL
  return NEEDS_QUOTES.test(text) && !PLAIN_AFTER_DASH.test(text)
    ? Scalar.QUOTE_SINGLE
    : Scalar.PLAIN
}

function toYamlData(value: Value): unknown {
  if (isArray(value)) return value.map(toYamlData)
  if (value instanceof RSet) return value.values().map(toYamlData)
  if (isNumber(value))
    return typeof value === 'number' ? value : BigInt(numberText(value).replace(/\..*|e.*/, ''))
  if (typeof value !== 'object' || value === null) return value
  const entries = sortedEntries(value).map(
    ([key, item]) => [keyText(key), toYamlData(item)] as const,
  )
  return new Map(entries.sort((a, b) => compareNaturally(a[0], b[0])))
}
