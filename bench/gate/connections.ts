import type { Server } from './child.ts'
import { makeKeyFolder, startServer } from './child.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'
import type { Report } from './finding.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { prepareRequests } from './requests.ts'

/** A client has some 28,000 ports for one address, so the connections are spread over three. */
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const
const ARM = 'all'
const KEYS_MAX = 1000
const OPENED_AT_ONCE = 200
const ANSWERS_WITHIN_MS = 30_000

/** Opens many keep-alive connections, then sends a request through each of them. */
export async function measureConnections(options: Options): Promise<Report> {
  const { server, keys } = await startWithKeys(Math.min(options.keys, KEYS_MAX))
  const requests = prepareRequests('post', keys)
  const open: Connection[] = []
  try {
    const before = await server.memory()
    const waiting = new Map<Connection, (status: number) => void>()
    let failure: string | undefined
    const events = {
      onAnswer: (connection: Connection, status: number) => waiting.get(connection)?.(status),
      onFailure: (reason: string) => (failure ??= reason),
    }
    const ask = async (connection: Connection, at: number): Promise<number> => {
      const { promise, resolve } = Promise.withResolvers<number>()
      waiting.set(connection, resolve)
      connection.send(requests[at % requests.length]!)
      return promise
    }
    const openingMs = performance.now()
    while (open.length < options.connections) {
      progress(`${open.length} connections`)
      const count = Math.min(OPENED_AT_ONCE, options.connections - open.length)
      const opened = await Promise.all(
        Array.from({ length: count }, (_, at) =>
          openConnection(HOSTS[(open.length + at) % HOSTS.length]!, server.port, events),
        ),
      )
      // The server closes connections that never send anything, so each sends a request at once.
      await Promise.all(opened.map(ask))
      open.push(...opened)
    }
    const openSeconds = (performance.now() - openingMs) / 1000
    const after = await server.memory()
    const late = Bun.sleep(ANSWERS_WITHIN_MS).then((): readonly number[] => [])
    const statuses = await Promise.race([Promise.all(open.map(ask)), late])
    const answered = statuses.filter((status) => status === 200).length
    if (failure !== undefined) throw new Error(failure)
    if (answered < open.length)
      throw new Error(`${open.length - answered} connections got no answer`)
    const bytes = (after.residentBytes - before.residentBytes) / open.length
    return {
      lines: [
        `${open.length} connections opened in ${openSeconds.toFixed(1)} s; all of them answered afterwards`,
        `${bytes.toFixed(0)} bytes of resident memory for each`,
      ],
      findings: [],
      data: { connections: open.length, answered, openSeconds, residentBytesPerConnection: bytes },
    }
  } finally {
    for (const connection of open) connection.end()
    await server.stop()
  }
}

async function startWithKeys(count: number): Promise<{
  readonly server: Server
  readonly keys: readonly string[]
}> {
  const from = await makeKeyFolder(count)
  try {
    return { server: await startServer({ arm: ARM, hosts: HOSTS, from }), keys: from.keys }
  } finally {
    await from.remove()
  }
}
