import { createHash, timingSafeEqual } from 'node:crypto'
import { createAuthzenApi, createOpaApi } from '../adapters/index.ts'
import { isCidr } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import type { PolicyStore } from '../policy/index.ts'
import { VERSION } from './version.ts'

/** The options of `tollgate policy serve`. */
export interface PolicyServerOptions {
  readonly hostname: string
  readonly port: number
  readonly store: PolicyStore
  /** The token that callers must present; may be absent only on loopback. */
  readonly token: string | undefined
  readonly clock: Clock
  readonly onBug: (error: unknown) => void
}

/** A running server. */
export interface PolicyServer {
  readonly url: string
  stop(): Promise<void>
}

const BODY_BYTES_MAX = 32 * 1024 * 1024

/**
 * Serves policies to clients of OPA and of AuthZEN. Requests of web pages (with `Origin`, or for a host
 * name that is not this server's) are refused: a page that a browser shows must not change policies.
 */
export function startPolicyServer(options: PolicyServerOptions): PolicyServer {
  const { hostname, port, store, clock } = options
  const opa = createOpaApi({
    store,
    clock,
    decisionId: () => crypto.randomUUID(),
    labels: { id: crypto.randomUUID(), version: VERSION },
    bodyBytesMax: BODY_BYTES_MAX,
  })
  const authzen = createAuthzenApi({ store })
  const mayAsk = createTokenCheck(options.token)
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    maxRequestBodySize: BODY_BYTES_MAX,
    fetch: async (request) => {
      const refusal = refuseForeign(request, hostname)
      if (refusal !== undefined) return refusal
      const isHealth = new URL(request.url).pathname.startsWith('/health')
      if (!isHealth && !mayAsk(request)) {
        return problem(401, 'unauthorized', 'a bearer token is needed', {
          'www-authenticate': 'Bearer',
        })
      }
      return (await authzen(request)) ?? opa(request)
    },
    error: (error) => {
      options.onBug(error)
      return problem(500, 'internal_error', 'internal error')
    },
  })
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  return {
    url: `http://${host}:${server.port ?? port}`,
    stop: () => server.stop(),
  }
}

function refuseForeign(request: Request, hostname: string): Response | undefined {
  if (request.headers.has('origin')) {
    return problem(403, 'forbidden', 'requests of web pages are not answered')
  }
  const { hostname: asked } = new URL(request.url)
  const plain = asked.replace(/^\[|\]$/g, '')
  const isOurs = plain === hostname || plain === 'localhost' || isCidr(plain)
  return isOurs ? undefined : problem(403, 'forbidden', 'this host is not served')
}

const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest()

function createTokenCheck(token: string | undefined): (request: Request) => boolean {
  if (token === undefined) return () => true
  const wanted = digest(token)
  return ({ headers }) => {
    const given = /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? ''
    return timingSafeEqual(digest(given), wanted)
  }
}

const problem = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response => Response.json({ code, message }, { status, headers })
