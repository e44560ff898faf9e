/** Real Redis servers for tests: on loopback, each in its own folder, without persistence. */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { until } from '../../core/until.fixture.ts'
import type { RedisOptions } from './options.ts'
import { REDIS_DEFAULTS } from './options.ts'

export { until } from '../../core/until.fixture.ts'

const BINARY = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)

/** Whether a Redis server is installed; tests that need one report it if not. */
export const hasRedisServer = BINARY !== undefined

if (!hasRedisServer) {
  process.stderr.write('redis-server is not installed: tests that need it are skipped\n')
}

/** Generous, because a process that gets no turn for a second is not an unresponsive server. */
const PATIENT_MS = 5000

/** A server that this process started. */
export interface RedisServer {
  readonly port: number
  /** Id of the process that serves now. */
  readonly pid: number
  /** Options of a connection to it, with longer timeouts than the defaults. */
  options(changes?: Partial<RedisOptions>): RedisOptions
  /** Sends one command over a new connection. */
  command(...args: string[]): Promise<unknown>
  /** Stops the server from answering, with its connections left open. */
  freeze(): void
  thaw(): void
  kill(): Promise<void>
  /** Starts it again on the same port, empty or as last saved. */
  restart(): Promise<void>
  /** Kills it and removes its folder. */
  end(): Promise<void>
}

/** Starts a server; `args` are added to its command line. */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-'))
  let port = await freePort()
  let child = await launch(port, folder, args)
  // Another process took the port in between.
  while (hasExited(child)) {
    port = await freePort()
    child = await launch(port, folder, args)
  }
  const kill = async (): Promise<void> => {
    if (hasExited(child)) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
  return {
    port,
    get pid() {
      return child.pid ?? 0
    },
    options: (changes) => ({
      ...REDIS_DEFAULTS,
      timeoutMs: PATIENT_MS,
      nodes: [{ host: '127.0.0.1', port }],
      ...changes,
    }),
    command: async (...command) => sendOnce(port, command),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      await kill()
      child = await launch(port, folder, args)
      if (hasExited(child)) throw new Error(`the server does not start again on port ${port}`)
    },
    async end() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Three servers that share the slots of a Cluster. */
export interface RedisCluster {
  readonly servers: readonly RedisServer[]
  options(changes?: Partial<RedisOptions>): RedisOptions
  end(): Promise<void>
}

const SHARES = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const

/** Starts a Cluster of three nodes without replicas. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const servers = await Promise.all(SHARES.map(async () => startRedisServer(args)))
  const [first] = servers
  for (const [at, server] of servers.entries()) {
    const [from, to] = SHARES[at]!
    await server.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
    await server.command('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1))
    if (server !== first) await first!.command('CLUSTER', 'MEET', '127.0.0.1', String(server.port))
  }
  for (const server of servers) {
    await until(async () => {
      const info = String(await server.command('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')
    })
  }
  return {
    servers,
    options: (changes) => ({
      ...REDIS_DEFAULTS,
      timeoutMs: PATIENT_MS,
      cluster: true,
      nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
      ...changes,
    }),
    end: async () => void (await Promise.all(servers.map(async (server) => server.end()))),
  }
}

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null

/** Resolves once this very server answers on that port, or has exited. */
async function launch(
  port: number,
  folder: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn(BINARY ?? 'redis-server', ['--port', String(port), ...fixed, ...args], {
    stdio: 'ignore',
  })
  process.once('exit', () => child.kill('SIGKILL'))
  await until(async () => {
    if (hasExited(child)) return true
    const info = String(await sendOnce(port, ['INFO', 'server']).catch(() => ''))
    return info.includes(`process_id:${child.pid}\r\n`)
  }, 'an answer of the server')
  return child
}

async function sendOnce(port: number, command: readonly string[]): Promise<unknown> {
  const client = createClient({
    RESP: 2,
    disableClientInfo: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.sendCommand([...command])
  } finally {
    if (client.isOpen) client.destroy()
  }
}

/**
 * Below the ports that systems assign to outgoing connections: none of these can take the port of a server that is down
 * for a moment, and a client that tries to reconnect to it meanwhile cannot connect to itself.
 */
const PORT_MIN = 10_240
const PORT_END = 22_768
/** The port of the Cluster bus is this much higher, and also below those ports. */
const BUS_DISTANCE = 10_000

/** A port that is free now, like that of its Cluster bus. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORT_MIN, PORT_END)
    if ((await canListen(port)) && (await canListen(port + BUS_DISTANCE))) return port
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
