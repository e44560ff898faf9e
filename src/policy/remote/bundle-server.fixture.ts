import type { PolicySources } from '../bundle/sources.ts'

/** A request that a bundle server received. */
export interface SeenRequest {
  readonly etag: string | null
  readonly prefer: string | null
  readonly authorization: string | null
  readonly headers: Headers
}

/** A server of one bundle for tests, over real HTTP on a free port. */
export interface BundleServer {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  /** Answers the following requests with this function. */
  answer(handle: (request: Request) => Response | Promise<Response>): void
  /** Serves these bytes with an ETag, and 304 to clients that have them. */
  serve(archive: Uint8Array, etag: string, type?: string): void
  /** Resolves when the next request has arrived. */
  nextRequest(): Promise<SeenRequest>
  stop(): Promise<void>
}

/** Starts a {@link BundleServer}, on the given port (that of a stopped one) or on a free one. */
export function startBundleServer(port = 0): BundleServer {
  let handle: (request: Request) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 })
  const seen: SeenRequest[] = []
  const waiting: ((request: SeenRequest) => void)[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    fetch(request) {
      const { headers } = request
      const one: SeenRequest = {
        etag: headers.get('if-none-match'),
        prefer: headers.get('prefer'),
        authorization: headers.get('authorization'),
        headers,
      }
      seen.push(one)
      for (const resolve of waiting.splice(0)) resolve(one)
      return handle(request)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/bundle.tar.gz`,
    seen,
    answer(next) {
      handle = next
    },
    serve(archive, etag, type = 'application/gzip') {
      handle = (request) =>
        request.headers.get('if-none-match') === etag
          ? new Response(null, { status: 304, headers: { 'content-type': type } })
          : new Response(new Uint8Array(archive), { headers: { etag, 'content-type': type } })
    },
    nextRequest: async () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
    stop: async () => server.stop(true),
  }
}

/** The sources of a policy that allows one tenant, for tests. */
export const sourcesFor = (tenant: string, revision: string): PolicySources => ({
  modules: { 'app.rego': 'package app\n\nallow if input.tenant == data.tenant\n' },
  data: { tenant },
  revision,
  regoVersion: 1,
})
