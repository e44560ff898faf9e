import type { Capture, Checks } from '../../scenario/index.ts'
import { LabError } from '../../core/index.ts'
import type { Json } from '../../core/index.ts'
import type { ResponseParser } from '../wire/response-parser.ts'
import { headerOf } from '../wire/response-parser.ts'

/** Checks of a request, ready to be run on answers. */
export interface AnswerCheck {
  readonly needsHead: boolean
  readonly needsBody: boolean
  /** The kind of failure, or `undefined` if the answer passes. */
  judge(answer: ResponseParser, bodyIncludes: string | undefined): string | undefined
}

const decoder = new TextDecoder()

/** Compiles checks. The text that a body must include may depend on a feed, so it is passed in later. */
export function compileCheck(checks: Checks): AnswerCheck {
  const isExpected = compileStatus(checks.status)
  const pattern = checks.bodyMatches === undefined ? undefined : new RegExp(checks.bodyMatches)
  const json = Object.entries(checks.json ?? {})
  const headers = Object.entries(checks.headers ?? {}).map(
    ([name, source]) => [name, new RegExp(source)] as const,
  )
  const needsBody = checks.bodyIncludes !== undefined || pattern !== undefined || json.length > 0
  return {
    needsHead: headers.length > 0,
    needsBody,
    judge(answer, bodyIncludes) {
      if (isExpected[answer.status] !== 1) return STATUS_KINDS[answer.status] ?? 'status'
      for (const [name, expected] of headers) {
        if (!expected.test(headerOf(answer.head, name) ?? '')) return `check header ${name}`
      }
      if (!needsBody) return undefined
      const text = decoder.decode(answer.body)
      if (bodyIncludes !== undefined && !text.includes(bodyIncludes)) return 'check body'
      if (pattern !== undefined && !pattern.test(text)) return 'check body'
      if (json.length === 0) return undefined
      const value = parseJson(text)
      const wrong = json.find(
        ([pointer, expected]) => !Bun.deepEquals(valueAt(value, pointer), expected, true),
      )
      return wrong === undefined ? undefined : `check json ${wrong[0]}`
    },
  }
}

/** Names made in advance, so that a failing server does not cost an allocation each time. */
const STATUS_KINDS: readonly string[] = Array.from({ length: 1000 }, (_, code) => `status ${code}`)

function compileStatus(expected: readonly (number | string)[]): Uint8Array {
  const table = new Uint8Array(1000)
  for (const each of expected) {
    if (typeof each === 'number') table[each] = 1
    else table.fill(1, Number(each[0]) * 100, Number(each[0]) * 100 + 100)
  }
  return table
}

/** The values that an answer gives to later requests; `undefined` if one is missing. */
export function capture(
  answer: ResponseParser,
  captures: readonly Capture[],
): Readonly<Record<string, Json>> | undefined {
  const found: Record<string, Json> = {}
  let json: Json | undefined
  for (const { name, from } of captures) {
    if ('json' in from) json ??= parseJson(decoder.decode(answer.body))
    const value = 'json' in from ? valueAt(json, from.json) : headerOf(answer.head, from.header)
    if (value === undefined) return undefined
    found[name] = value
  }
  return found
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** JSON Pointer, RFC 6901. */
function valueAt(value: Json | undefined, pointer: string): Json | undefined {
  if (pointer === '') return value
  if (!pointer.startsWith('/')) throw new LabError(`${pointer} is not a JSON Pointer`)
  let at: Json | undefined = value
  for (const part of pointer.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    at =
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Readonly<Record<string, Json>>)[key]
        : undefined
  }
  return at
}
