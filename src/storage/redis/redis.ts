import { createClient, ErrorReply } from '@redis/client'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/error-message.ts'
import type { Breaker } from './breaker.ts'
import { createBreaker } from './breaker.ts'
import { within } from './deferred.ts'
import type { RedisArgument, RedisDriver, RedisReply } from './driver.ts'
import { clientOptionsAt, createDriver, toArguments } from './driver.ts'
import type { RedisNode, RedisOptions } from './options.ts'
import { RedisUnavailableError } from './unavailable.ts'

/** Counts since the start, and the current state. */
export interface RedisStats {
  readonly commands: number
  readonly failures: number
  readonly timeouts: number
  /** Commands refused at once because the breaker of the node is open. */
  readonly refused: number
  /** Nodes whose breaker is open now. */
  readonly openBreakers: number
  readonly isReady: boolean
  /** The last error, without secrets. */
  readonly lastError: string | undefined
}

/** Sends commands to Redis, each with a time limit, and opens connections for commands that block. */
export interface Redis {
  /** The prefix of every key. */
  readonly prefix: string
  /**
   * Sends a command to the node that owns `key`. Rejects with a {@link RedisUnavailableError} if no reply arrives in
   * time, and with the server's error if the server refuses the command.
   */
  send(key: string, args: readonly RedisArgument[], timeoutMs?: number): Promise<RedisReply>
  /** Opens a separate connection to the node that owns `key`. */
  dedicate(key: string): Promise<DedicatedConnection>
  stats(): RedisStats
  close(): Promise<void>
}

/** A connection for a single user. Any failure ends it. */
export interface DedicatedConnection {
  /** Rejects if there is no reply within `timeoutMs`; the connection has then ended. */
  send(args: readonly RedisArgument[], timeoutMs: number): Promise<RedisReply>
  close(): void
}

/** What {@link createRedis} needs. */
export interface RedisParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Called when a connection breaks. Default: does nothing. */
  readonly onError?: (error: Error) => void
}

/** A connection without any answer for this long is replaced by a new one. */
const STALLED_MS = 10_000
const CONNECT_MS = 1500

/** Errors that say "not now": no command is at fault. */
const NOT_NOW =
  /^(LOADING|CLUSTERDOWN|MASTERDOWN|READONLY|TRYAGAIN|NOREPLICAS|MISCONF|OOM|BUSY|NOAUTH) /

interface Node {
  readonly breaker: Breaker
  answeredMs: number
}

/** Connects in the background, and again whenever the connection is lost. */
export function createRedis(options: RedisOptions, parts: RedisParts): Redis {
  const { monotonicMs } = parts.clock
  const counts = { commands: 0, failures: 0, timeouts: 0, refused: 0 }
  const nodes = new Map<string, Node>()
  let lastError: string | undefined
  let isClosed = false
  const noteError = (error: Error): void => {
    lastError = error.message
    parts.onError?.(error)
  }
  let driver: RedisDriver = createDriver(options, noteError)

  const nodeOf = (key: string): Node => {
    const address = driver.nodeOf(key) ?? ''
    let node = nodes.get(address)
    if (node === undefined) {
      node = { breaker: createBreaker({ ...options, monotonicMs }), answeredMs: monotonicMs() }
      nodes.set(address, node)
    }
    return node
  }
  // A dead peer may look connected for minutes, and its Cluster may have replaced it.
  const replaceStalled = (node: Node): void => {
    if (isClosed || monotonicMs() - node.answeredMs < STALLED_MS) return
    node.answeredMs = monotonicMs()
    driver.destroy()
    driver = createDriver(options, noteError)
  }
  const fail = (error: unknown, node: Node): never => {
    counts.failures += 1
    const message = messageOf(error)
    if (error instanceof ErrorReply && !NOT_NOW.test(message)) {
      // A server that refuses a command is reachable.
      node.breaker.succeeded()
      throw error
    }
    node.breaker.failed()
    lastError = message
    const isTimeout = error instanceof RedisUnavailableError
    if (isTimeout) counts.timeouts += 1
    if (isTimeout || !driver.isReady()) replaceStalled(node)
    throw isTimeout ? error : new RedisUnavailableError(message, { cause: error })
  }

  return {
    prefix: options.prefix,
    async send(key, args, timeoutMs = options.timeoutMs) {
      if (isClosed) throw new RedisUnavailableError('the connection is closed')
      const node = nodeOf(key)
      if (!node.breaker.tryEnter()) {
        counts.refused += 1
        throw new RedisUnavailableError('Redis did not answer lately')
      }
      counts.commands += 1
      try {
        const reply = await replyWithin(driver.send(key, args), timeoutMs)
        node.breaker.succeeded()
        node.answeredMs = monotonicMs()
        return reply
      } catch (error) {
        return fail(error, node)
      }
    },
    async dedicate(key) {
      const node = ownerOf(driver, options, key)
      return openDedicated(options, node)
    },
    stats: () => ({
      ...counts,
      openBreakers: [...nodes.values()].filter(({ breaker }) => breaker.isOpen()).length,
      isReady: driver.isReady(),
      lastError,
    }),
    async close() {
      isClosed = true
      driver.destroy()
    },
  }
}

function ownerOf(driver: RedisDriver, options: RedisOptions, key: string): RedisNode {
  const address = driver.nodeOf(key)
  if (address === undefined) throw new RedisUnavailableError('the cluster is not known yet')
  const at = address.lastIndexOf(':')
  const port = Number(address.slice(at + 1))
  return options.cluster ? { host: address.slice(0, at), port } : options.nodes[0]!
}

async function openDedicated(options: RedisOptions, node: RedisNode): Promise<DedicatedConnection> {
  const base = clientOptionsAt(options, node)
  const client = createClient({
    ...base,
    socket: { ...base.socket, reconnectStrategy: false },
  })
  client.on('error', ignore)
  const end = (): void => {
    if (client.isOpen) client.destroy()
  }
  try {
    await replyWithin(client.connect(), CONNECT_MS)
  } catch (error) {
    end()
    throw new RedisUnavailableError('no connection', { cause: error })
  }
  return {
    async send(args, timeoutMs) {
      try {
        return await replyWithin(client.sendCommand<RedisReply>(toArguments(args)), timeoutMs)
      } catch (error) {
        if (!(error instanceof ErrorReply)) end()
        throw error
      }
    },
    close: end,
  }
}

function ignore(): void {}

/** The library waits for replies without a time limit, so the limit is enforced here. */
const replyWithin = async <T>(promise: Promise<T>, timeoutMs: number): Promise<T> =>
  within(promise, timeoutMs, () => new RedisUnavailableError(`no reply within ${timeoutMs} ms`))
