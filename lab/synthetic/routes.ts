import { createRandom } from '../core/index.ts'
import { createCacheRoutes } from './cache-routes.ts'
import { createCallerRoutes } from './caller-routes.ts'
import { createCostRoutes } from './cost-routes.ts'
import type { SyntheticOptions, SyntheticStats } from './options.ts'
import type { Routes, SyntheticWorld } from './route.ts'
import { hello } from './route.ts'
import { createTimeRoutes } from './time-routes.ts'

/** Answers as the options say. */
export function createSyntheticHandler(
  options: SyntheticOptions,
  world: SyntheticWorld,
): (request: Request) => Promise<Response> | Response {
  const random = createRandom(options.seed ?? 1)
  const timeRoutes = createTimeRoutes(options, world, random)
  const costs = createCostRoutes(options, world)
  const cache = createCacheRoutes(options, world)
  const { errorShare = 0 } = options
  let requests = 0
  const stats = (): SyntheticStats => ({
    requests,
    ...cache.stats(),
    ...costs.stats(),
    ...world.usage(),
  })
  const routes: Routes = {
    ...timeRoutes,
    ...createCallerRoutes(options, world),
    ...costs.routes,
    ...cache.routes,
    '/': () => hello({ 'x-synthetic': '1' }),
    '/errors': () =>
      random.next() < errorShare ? new Response('an error on purpose\n', { status: 500 }) : hello(),
    '/webhook': async (request) => {
      await request.arrayBuffer()
      return new Response(null, { status: 202 })
    },
    '/gc': () => {
      Bun.gc(true)
      return new Response(null, { status: 204 })
    },
    '/stats': () => Response.json(stats()),
  }
  return (request) => {
    requests += 1
    const url = new URL(request.url)
    const route = routes[url.pathname] ?? routes[folderOf(url.pathname)]
    return route === undefined ? new Response('not found\n', { status: 404 }) : route(request, url)
  }
}

/** The first folder of a path, with its slashes. */
const folderOf = (path: string): string => path.slice(0, path.indexOf('/', 1) + 1)
