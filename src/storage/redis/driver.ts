import type { AnyRedisClientOptions } from '@redis/client'
import { createClient, createCluster, RESP_TYPES } from '@redis/client'
import type { RedisNode, RedisOptions } from './options.ts'
import { slotOf } from './slot.ts'

/** An argument of a command. */
export type RedisArgument = string | Uint8Array

/** A reply of RESP2: bulk strings are bytes, simple strings are text. */
export type RedisReply = string | number | null | Uint8Array | readonly RedisReply[]

/** The client library behind a small interface: connected or connecting, single or Cluster. */
export interface RedisDriver {
  /** Rejects at once while there is no connection. Waits for the reply without a time limit. */
  send(key: string, args: readonly RedisArgument[]): Promise<RedisReply>
  /** The node that owns a key, as `host:port`; `undefined` before the Cluster is known. */
  nodeOf(key: string): string | undefined
  /** Whether commands can be sent now. */
  isReady(): boolean
  /** Ends all connections; pending commands are rejected. */
  destroy(): void
}

const CONNECT_TIMEOUT_MS = 1000
const RECONNECT_MS_MAX = 500
const TYPES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const

/** The options that all connections have in common. */
function clientOptions(options: RedisOptions): AnyRedisClientOptions {
  const { username, password, tls, pendingMax } = options
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // RESP2 is what every server since Redis 2 and every Valkey speaks, without a handshake.
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: pendingMax,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries: number) =>
        Math.min(25 * 2 ** Math.min(retries, 8), RECONNECT_MS_MAX),
      ...(tls !== undefined && {
        tls: true as const,
        ...(tls.authority !== undefined && { ca: tls.authority }),
        ...(tls.certificate !== undefined && { cert: tls.certificate }),
        ...(tls.key !== undefined && { key: tls.key }),
        ...(tls.serverName !== undefined && { servername: tls.serverName }),
      }),
    },
  }
}

/** Adds an address to the options that all connections have in common. */
export function clientOptionsAt(
  options: RedisOptions,
  { host, port }: RedisNode,
): AnyRedisClientOptions {
  const common = clientOptions(options)
  const { database } = options
  return {
    ...common,
    ...(database !== undefined && { database }),
    socket: { ...common.socket, host, port },
  }
}

/** Connects in the background. `onError` is called with each error meanwhile, repeatedly. */
export function createDriver(options: RedisOptions, onError: (error: Error) => void): RedisDriver {
  return options.cluster ? clusterDriver(options, onError) : singleDriver(options, onError)
}

/** Converts arguments to those of the library; no bytes are copied. */
export const toArguments = (args: readonly RedisArgument[]): (string | Buffer)[] =>
  args.map((arg) =>
    typeof arg === 'string' ? arg : Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength),
  )

function singleDriver(options: RedisOptions, onError: (error: Error) => void): RedisDriver {
  const node = options.nodes[0]!
  const address = `${node.host}:${node.port}`
  const client = createClient(clientOptionsAt(options, node))
  client.on('error', onError)
  client.connect().catch(onError)
  return {
    send: async (_, args) => client.sendCommand<RedisReply>(toArguments(args), TYPES),
    nodeOf: () => address,
    isReady: () => client.isReady,
    destroy: () => {
      if (client.isOpen) client.destroy()
    },
  }
}

function clusterDriver(options: RedisOptions, onError: (error: Error) => void): RedisDriver {
  const cluster = createCluster({
    rootNodes: options.nodes.map(({ host, port }) => ({ socket: { host, port } })),
    defaults: clientOptions(options),
    RESP: 2,
  })
  cluster.on('error', onError)
  cluster.on('node-error', onError)
  let isConnected = false
  let isDestroyed = false
  const end = (): void => {
    if (cluster.isOpen) cluster.destroy()
  }
  cluster.connect().then(() => {
    isConnected = true
    if (isDestroyed) end()
  }, onError)
  return {
    async send(key, args) {
      if (!isConnected) throw new Error('the cluster is not known yet')
      return cluster.sendCommand<RedisReply>(key, false, toArguments(args), TYPES)
    },
    nodeOf: (key) => (isConnected ? cluster.slots[slotOf(key)]?.master.address : undefined),
    isReady: () => isConnected,
    destroy() {
      isDestroyed = true
      end()
    },
  }
}
