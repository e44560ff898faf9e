import type { FetchLike } from './upstream-types.ts'

/** What the runtime's fetch and streams can do; found out once, when upstreams are created. */
export interface RuntimeAbilities {
  /** `new ReadableStream({ type: 'direct' })` exists, and the server sends such a body in one piece. */
  readonly directStreams: boolean
  /** fetch understands `decompress`, `proxy`, `tls`, `unix` and leaves encoded bodies alone. */
  readonly fetchOptions: boolean
}

/** Asks the runtime itself instead of its name where that is possible. */
export function detectAbilities(): RuntimeAbilities {
  return {
    directStreams: acceptsDirectStreams(),
    fetchOptions: typeof process !== 'undefined' && process.versions['bun'] !== undefined,
  }
}

/** fetch options beyond the standard; other runtimes ignore them. */
export interface FetchExtras {
  readonly decompress: false
  readonly proxy: false
  readonly unix?: string
  readonly tls?: Readonly<Record<string, unknown>>
  readonly duplex?: 'half'
}

/** The global fetch, as forwarding sees it. */
export const globalFetch: FetchLike = (url, init) => fetch(url, init)

function acceptsDirectStreams(): boolean {
  try {
    const source = { type: 'direct', pull() {} }
    void new ReadableStream(source as unknown as UnderlyingDefaultSource)
    return true
  } catch {
    return false
  }
}
