import type { RequestKind } from './arms.ts'
import { ANSWER } from './requests.ts'

/** The bare server: the same body parsed, the same answer built in the same way. Returns its port. */
export function serveBare(request: RequestKind, hostname: string, port: number): number {
  const content = JSON.stringify(ANSWER)
  const init = { status: 200, headers: new Headers({ 'content-type': 'application/json' }) }
  const handler = {
    post: async (incoming: Request) => {
      await incoming.json()
      return new Response(content, init)
    },
    get: () => new Response(content, init),
  }[request]
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    idleTimeout: 240,
    maxRequestBodySize: 1 << 20,
    fetch: handler,
  })
  return server.port ?? 0
}
