import type { SyntheticOptions } from './options.ts'
import { createSyntheticHandler } from './routes.ts'

/** A synthetic server in a process of its own, configured by its first argument. */

const options = JSON.parse(process.argv[2] ?? '{}') as SyntheticOptions

const handle = createSyntheticHandler(options, {
  nowMs: () => performance.now(),
  nowNs: () => Bun.nanoseconds(),
  sleep: async (ms) => Bun.sleep(ms),
  usage: () => {
    const { heapUsed, rss } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return { heapBytes: heapUsed, residentBytes: rss, cpuUs: user + system }
  },
})

const server = Bun.serve({
  hostname: options.hostname ?? '127.0.0.1',
  port: options.port ?? 0,
  idleTimeout: 255,
  fetch: handle,
})

process.stdout.write(`${JSON.stringify({ url: server.url.href, port: server.port })}\n`)
process.on('disconnect', () => process.exit(0))
