import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { TTL_MS, VALUE } from './own.ts'
import type { AsyncPeer } from './peers.ts'

/** A Redis server of our own, as the benchmark uses it. */
export interface RedisServer {
  readonly port: number
  /** A peer over a connection of its own; concurrent commands are pipelined. */
  peer(keys: readonly string[]): Promise<AsyncPeer>
  /** A connection of its own for single commands. */
  commands(): Promise<RedisCommands>
  /** Bytes that Redis reports it uses. */
  usedBytes(): Promise<number>
  flush(): Promise<void>
  close(): Promise<void>
}

/** The commands that loading through Redis needs. */
export interface RedisCommands {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<unknown>
  del(key: string): Promise<unknown>
  close(): Promise<void>
}

/** Starts a server without persistence on a free port; `undefined` if Redis is not installed. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const program = Bun.which('redis-server')
  if (program === null) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-redis-'))
  const port = await freePort()
  const server = Bun.spawn(
    [program, '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    { stdout: 'ignore', stderr: 'ignore' },
  )
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: 50 } })
  client.on('error', () => undefined)
  await client.connect()
  return {
    port,
    async peer(keys) {
      const own = client.duplicate()
      own.on('error', () => undefined)
      await own.connect()
      const set = async (number: number): Promise<void> => {
        await own.set(keys[number]!, VALUE, { expiration: { type: 'PX', value: TTL_MS } })
      }
      return {
        name: 'Redis',
        kind: 'async',
        get: async (number) => (await own.get(keys[number]!)) !== null,
        set,
        async getOrSet(number) {
          if ((await own.get(keys[number]!)) === null) await set(number)
        },
        async close() {
          own.destroy()
        },
      }
    },
    async commands() {
      const own = client.duplicate()
      own.on('error', () => undefined)
      await own.connect()
      return {
        get: (key) => own.get(key),
        set: (key, value) => own.set(key, value),
        del: (key) => own.del(key),
        close: async () => own.destroy(),
      }
    },
    async usedBytes() {
      const info = await client.info('memory')
      return Number(/used_memory:(\d+)/.exec(info)?.[1])
    },
    async flush() {
      await client.flushAll()
    },
    async close() {
      client.destroy()
      server.kill()
      await server.exited
      rmSync(folder, { recursive: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
