import type { IncomingHeaders } from '../../core/incoming-request.ts'
import type { Caller } from '../../core/caller.ts'
import type { Value } from '../../rego/index.ts'

/** What is known about a request when a policy is asked. */
export interface RequestFacts {
  readonly caller: Caller
  readonly method: string
  /** Canonical path, without query. */
  readonly path: string
  /** The query as received, with its `?`. */
  readonly query: string
  readonly request: { readonly headers: IncomingHeaders }
  /** Path parameters, not percent-decoded. */
  readonly parameters: Readonly<Record<string, string>> | undefined
  /** The body as JSON, once it has been read. */
  readonly body: unknown
  /** The client's address. */
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  readonly requestId: string
  readonly route: { readonly id: string }
}

/** Makes the input that a policy sees. */
export type InputBuilder = (facts: RequestFacts) => Value

type Part = readonly [pointer: string, read: (facts: RequestFacts) => Value | undefined]

const PARTS: readonly Part[] = [
  ['/caller/kind', ({ caller }) => caller.kind],
  ['/caller/id', ({ caller }) => caller.id],
  ['/caller/tenant', ({ caller }) => caller.tenantId],
  ['/caller/user', ({ caller }) => caller.userId],
  ['/caller/roles', ({ caller }) => caller.roles],
  ['/caller/permissions', ({ caller }) => caller.permissions.list()],
  ['/caller/plan', ({ caller }) => caller.plan],
  ['/tenant', ({ caller }) => caller.tenantId],
  ['/request/method', ({ method }) => method],
  ['/request/path', ({ path }) => path],
  ['/request/segments', ({ path }) => path.slice(1).split('/').map(decode)],
  ['/request/query', ({ query }) => queryOf(query)],
  ['/request/body', ({ body }) => body as Value | undefined],
  ['/request/address', ({ address }) => address],
  ['/resource', ({ parameters }) => resourceOf(parameters)],
]

/**
 * Makes an {@link InputBuilder} that fills in only what a policy reads.
 *
 * @param reads JSON pointers into the input; the empty one means the whole input
 * @param headers the request headers that the policy may see, in lowercase
 */
export function createInputBuilder(
  reads: readonly string[],
  headers: readonly string[],
): InputBuilder {
  const headersPart: Part = [
    '/request/headers',
    ({ request }) => headersOf(request.headers, headers),
  ]
  const wanted = [...PARTS, headersPart]
    .filter(([pointer]) => readsAny(reads, pointer))
    .map(([pointer, read]) => ({ steps: pointer.slice(1).split('/'), read }))
  return (facts) => {
    const input: Record<string, Value> = { caller: {}, request: {} }
    for (const { steps, read } of wanted) {
      const value = read(facts)
      if (value === undefined) continue
      const [first = '', second] = steps
      if (second === undefined) input[first] = value
      else (input[first] as Record<string, Value>)[second] = value
    }
    return input
  }
}

/** Whether something at, above or beneath `pointer` is read. */
export const readsAny = (reads: readonly string[], pointer: string): boolean =>
  reads.some(
    (read) => read === pointer || pointer.startsWith(`${read}/`) || read.startsWith(`${pointer}/`),
  )

/** All values of every parameter: if one is given twice, the policy sees both. */
function queryOf(query: string): Value {
  const values = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query)) {
    const list = values.get(key)
    if (list === undefined) values.set(key, [value])
    else list.push(value)
  }
  return Object.fromEntries(values)
}

function headersOf(headers: IncomingHeaders, allowed: readonly string[]): Value {
  const found = allowed.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

function resourceOf(parameters: RequestFacts['parameters']): Value {
  const entries = Object.entries(parameters ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, decode(value)]))
}

/** A canonical path can always be decoded: any other was refused earlier. */
function decode(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment
}
