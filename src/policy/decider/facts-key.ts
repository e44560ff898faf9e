import type { IncomingHeaders } from '../../core/incoming-request.ts'
import { createHash } from 'node:crypto'
import type { RequestFacts } from './facts.ts'
import { readsAny } from './facts.ts'

/** Longer keys are replaced by their digest, so that strangers cannot fill the memory. */
const KEY_CHARACTERS_MAX = 256

/** Verdicts with longer keys are not looked up at all: making the key takes as long as deciding. */
const TEXT_CHARACTERS_MAX = 64 * 1024

type Text = (facts: RequestFacts) => string

/** A string with its length, so that strings written one after another cannot be confused. */
const sized = (text: string): string => `${text.length}:${text}`
const optional = (text: string | undefined): string => (text === undefined ? '-' : sized(text))

/**
 * Makes a function from a request to a key of what a policy reads from it. The policy cannot tell apart requests with
 * the same key: absent, `null` and `"null"` differ, and so do `1` and `"1"`.
 *
 * A set of permissions never changes, so the key holds a number for it. The key holds everything else as it is in the
 * request; it may thus distinguish more than the policy does (the order of a query), but never less.
 *
 * @param reads JSON pointers into the input; the empty one means the whole input
 */
export function createFactsKey(
  reads: readonly string[],
  headers: readonly string[],
): (facts: RequestFacts) => string | undefined {
  const parts: readonly (readonly [string, Text])[] = [
    ['/caller/kind', ({ caller }) => sized(caller.kind)],
    ['/caller/id', ({ caller }) => sized(caller.id)],
    ['/caller/user', ({ caller }) => optional(caller.userId)],
    ['/caller/plan', ({ caller }) => optional(caller.plan)],
    ['/caller/tenant', ({ caller }) => sized(caller.tenantId)],
    ['/tenant', ({ caller }) => sized(caller.tenantId)],
    ['/caller/roles', ({ caller }) => listText(caller.roles)],
    ['/caller/permissions', createNumbering(({ caller }) => caller.permissions)],
    ['/request/method', ({ method }) => sized(method)],
    ['/request/path', ({ path }) => sized(path)],
    ['/request/segments', ({ path }) => sized(path)],
    ['/request/query', ({ query }) => sized(query)],
    ['/request/address', ({ address }) => sized(address)],
    ['/request/headers', ({ request }) => headersText(request.headers, headers)],
    ['/request/body', bodyText(reads)],
    ['/resource', ({ parameters }) => parametersText(parameters)],
  ]
  const wanted = parts.flatMap(([pointer, text]) => (readsAny(reads, pointer) ? [text] : []))
  return (facts) => {
    let key = ''
    for (const text of wanted) key += text(facts)
    if (key.length <= KEY_CHARACTERS_MAX) return key
    if (key.length > TEXT_CHARACTERS_MAX) return undefined
    return createHash('sha256').update(key).digest('base64')
  }
}

/** Numbers objects in the order in which they appear, by identity: two equal objects count as different. */
function createNumbering(read: (facts: RequestFacts) => object): Text {
  const numbers = new WeakMap<object, number>()
  let last = 0
  return (facts) => {
    const thing = read(facts)
    let number = numbers.get(thing)
    if (number === undefined) numbers.set(thing, (number = last += 1))
    return `#${number};`
  }
}

function listText(items: readonly string[]): string {
  let text = ''
  for (const item of items) text += sized(item)
  return `${text};`
}

function headersText(headers: IncomingHeaders, names: readonly string[]): string {
  let text = ''
  for (const name of names) text += optional(headers.get(name) ?? undefined)
  return text
}

function parametersText(parameters: RequestFacts['parameters']): string {
  if (parameters === undefined) return '-'
  let text = ''
  for (const [name, value] of Object.entries(parameters)) text += sized(name) + sized(value)
  return `${text};`
}

/** The text of only those parts of the body that are read. */
function bodyText(reads: readonly string[]): Text {
  const isWhole = reads.some((pointer) => WHOLE_BODY.has(pointer))
  const within = reads.filter((pointer) => pointer.startsWith('/request/body/'))
  const paths = isWhole ? [[]] : within.map(stepsOf)
  return ({ body }) => {
    if (body === undefined) return '-'
    let text = ''
    for (const path of paths) text += optional(textAt(body, path))
    return text
  }
}

const WHOLE_BODY = new Set(['', '/request', '/request/body'])

const stepsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(3)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function textAt(root: unknown, path: readonly string[]): string | undefined {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[step]
  }
  return value === undefined ? undefined : JSON.stringify(value)
}
