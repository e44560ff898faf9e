import type { GatewayConfig } from '../../gate/index.ts'

/**
 * A worker's share of a configuration: bounds on the load on the gate and on an upstream hold for all workers together,
 * so each worker gets its part, rounded up.
 */
export function shareOf(config: GatewayConfig, workers: number): GatewayConfig {
  const part = (whole: number): number => Math.ceil(whole / workers)
  const upstreams = Object.entries(config.upstreams).map(([name, upstream]) => [
    name,
    {
      ...upstream,
      inFlightMax: part(upstream.inFlightMax),
      queue: { ...upstream.queue, max: part(upstream.queue.max) },
    },
  ])
  const { requestsMax, bodiesHeldMax } = config.listen
  const listen = {
    ...config.listen,
    requestsMax: part(requestsMax),
    bodiesHeldMax: part(bodiesHeldMax),
  }
  const { disk } = config.cache
  const cache = {
    ...config.cache,
    ...(disk !== undefined && { disk: { ...disk, bytesMax: part(disk.bytesMax) } }),
  }
  return {
    ...config,
    listen,
    cache,
    upstreams: Object.fromEntries(upstreams) as GatewayConfig['upstreams'],
  }
}
