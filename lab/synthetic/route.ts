import type { SyntheticStats } from './options.ts'

/** The world of a synthetic server. */
export interface SyntheticWorld {
  /** Monotonic, milliseconds. */
  readonly nowMs: () => number
  /** The same clock in nanoseconds. */
  readonly nowNs: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly usage: () => Pick<SyntheticStats, 'cpuUs' | 'heapBytes' | 'residentBytes'>
}

/** Answers the requests for one path. */
export type Route = (request: Request, url: URL) => Promise<Response> | Response

/** Routes by path; a path that ends with a slash covers everything below it. */
export type Routes = Readonly<Record<string, Route>>

/** Some routes, and what they counted. */
export interface CountingRoutes<Counted extends keyof SyntheticStats> {
  readonly routes: Routes
  readonly stats: () => Pick<SyntheticStats, Counted>
}

/** The default answer. */
export const hello = (headers: Readonly<Record<string, string>> = {}): Response =>
  new Response('hello from a server whose behavior is known\n', { headers })
