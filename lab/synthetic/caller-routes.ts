import { createCallerLimit } from './caller-limit.ts'
import type { SyntheticOptions } from './options.ts'
import type { Route, Routes, SyntheticWorld } from './route.ts'
import { hello } from './route.ts'

const refused = (): Response =>
  new Response('too many requests\n', { status: 429, headers: { 'retry-after': '1' } })
const unknown = (headers: Readonly<Record<string, string>> = {}): Response =>
  new Response('who are you?\n', { status: 401, headers })

const authorizationOf = (request: Request): string => request.headers.get('authorization') ?? ''
const credentialOf = (request: Request): string | undefined =>
  /^Bearer (\S+)$/.exec(authorizationOf(request))?.[1]

/**
 * Routes whose answers depend on the caller. They include those of the examples behind the gate, so that
 * scenarios for the examples run here as well.
 */
export function createCallerRoutes(
  { limitPerSecond = 1 }: SyntheticOptions,
  { nowMs }: SyntheticWorld,
): Routes {
  const isOverLimit = createCallerLimit(limitPerSecond, nowMs)
  let remembered = 0
  /** Limits callers whose credential begins with `greedy`, and refuses requests without a credential. */
  const authorized =
    (route: Route): Route =>
    (request, url) => {
      const credential = credentialOf(request)
      if (credential === undefined) return unknown()
      if (credential.startsWith('greedy') && isOverLimit(credential)) return refused()
      return route(request, url)
    }
  return {
    '/limited': (request) => (isOverLimit(authorizationOf(request)) ? refused() : hello()),
    '/auth': (request) =>
      credentialOf(request) === undefined ? unknown({ 'www-authenticate': 'Bearer' }) : hello(),
    '/scene': authorized(() => Response.json({ title: 'a scene', objects: [] })),
    '/api/v1/memories': authorized(async (request) => {
      const { text } = (await request.json()) as { readonly text: string }
      remembered += 1
      return Response.json({ id: String(remembered), text }, { status: 201 })
    }),
    '/api/v1/memories/recall': authorized((_, url) =>
      Response.json({ matched: 'all', memories: [], q: url.searchParams.get('q') }),
    ),
  }
}
