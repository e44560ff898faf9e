import type { Exchange } from './exchange.ts'
import { decodeSegment } from './routing/canonical-path.ts'

/** Where a route finds a value: `path.id`, `query.name`, `body.a.b`. */
export interface ValueSource {
  /** Whether the body must have been read before {@link ValueSource.read}. */
  readonly needsBody: boolean
  /** The value, or `undefined` when it is absent or not text. */
  read(exchange: Exchange): string | undefined
}

/** Compiles a value source as written in the configuration. */
export function compileValueSource(text: string): ValueSource {
  const [kind, first = '', ...rest] = text.split('.')
  if (kind === 'path') {
    return {
      needsBody: false,
      read: ({ parameters }) => {
        const raw = parameters?.[first]
        return raw === undefined ? undefined : decodeSegment(raw)
      },
    }
  }
  if (kind === 'query') {
    return { needsBody: false, read: ({ query }) => onlyParameter(query, first) }
  }
  return { needsBody: true, read: ({ body }) => member(body, [first, ...rest]) }
}

/** The only value of a query parameter. One that is given twice is ambiguous and counts as absent. */
function onlyParameter(query: string, name: string): string | undefined {
  const values = new URLSearchParams(query).getAll(name)
  return values.length === 1 ? values[0] : undefined
}

function member(body: unknown, path: readonly string[]): string | undefined {
  let value = body
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return typeof value === 'string' ? value : undefined
}
