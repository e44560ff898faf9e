/** An upstream that keeps requests in flight for as long as a test wants, so that no test has to guess how long that is. */
export interface HoldingUpstream {
  readonly url: string
  /** How many requests are held now. */
  held(): number
  /** Lets all held requests finish. */
  release(): void
  stop(): Promise<void>
}

/**
 * Starts a {@link HoldingUpstream}. It holds a request with the query `?hold` until it is released or its client has
 * gone, and answers any other at once. The answer is `whole`; on a path that ends in `/stream` it is `first last`, of
 * which `first ` is sent before the request is held.
 */
export function startHoldingUpstream(): HoldingUpstream {
  const waiting = new Set<() => void>()
  const hold = async (request: Request): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.add(resolve)
    request.signal.addEventListener('abort', () => resolve())
    await promise
    waiting.delete(resolve)
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const free = search === '?hold' ? hold(request) : Promise.resolve()
      if (pathname.endsWith('/stream')) return new Response(halves(free))
      await free
      return new Response('whole')
    },
  })
  return {
    url: server.url.href,
    held: () => waiting.size,
    release() {
      for (const resolve of waiting) resolve()
    },
    stop: () => server.stop(true),
  }
}

function halves(free: Promise<void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode('first '))
      await free
      controller.enqueue(encoder.encode('last'))
      controller.close()
    },
  })
}
