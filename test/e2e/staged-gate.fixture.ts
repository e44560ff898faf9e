import { afterAll } from 'bun:test'
import type { GateProcess } from '../../src/server/gate-process.fixture.ts'
import {
  makeFolder,
  removeFolder,
  startGateProcess,
} from '../../src/server/gate-process.fixture.ts'

/** An origin that a test file plays. */
export interface PlayedOrigin {
  readonly url: string
  stop(): unknown
}

/** Plays an origin over `Bun.serve` on a free port. */
export function playOrigin(
  respond: (request: Request) => Response | Promise<Response>,
): PlayedOrigin {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: respond })
  return { url: server.url.origin, stop: () => server.stop(true) }
}

/** What configurations of gates in tests begin with: free ports on the loopback, no limits. */
export const HEAD = `
listen: { address: '127.0.0.1:0' }
admin: { address: '127.0.0.1:0' }
defaults: { limits: [] }
`

/** Starts a gate for the tests of a file; when they are done it ends, and then the origin behind it. */
export async function stageGate(origin: PlayedOrigin, config: string): Promise<GateProcess> {
  const gate = await startGateProcess(makeFolder(config))
  afterAll(async () => {
    await gate.stop()
    removeFolder(gate.folder)
    await origin.stop()
  })
  return gate
}
