import type { GatewayConfig } from './index.ts'

/** The largest body that a route takes: more need not be read. */
export const largestBodyOf = ({ defaults, routes }: GatewayConfig): number =>
  Math.max(defaults.bodyMax, ...routes.map((route) => route.bodyMax ?? 0))
