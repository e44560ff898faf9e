import type { GatewayConfig } from './index.ts'

/** The largest body that any route accepts, in bytes: no listener needs to read more. */
export const largestBodyOf = ({ defaults, routes }: GatewayConfig): number =>
  Math.max(defaults.bodyMax, ...routes.map((route) => route.bodyMax ?? 0))
