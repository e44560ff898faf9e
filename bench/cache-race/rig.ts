import { join } from 'node:path'
import type { RedisServer } from '../../src/storage/redis/redis-server.fixture.ts'
import { startRedisServer } from '../../src/storage/redis/redis-server.fixture.ts'
import type { Turns } from '../../src/server/turns.fixture.ts'
import { watchTurns } from '../../src/server/turns.fixture.ts'
import type { Order, Reply } from './protocol.ts'

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never

/** A process with a cache. */
export interface Instance {
  readonly pid: number
  tell(order: WithoutId<Order>): Promise<Reply>
  end(): void
}

/** Instances over a Redis, and the truth that they cache. */
export interface Rig {
  readonly redis: RedisServer
  readonly instances: readonly Instance[]
  /** Of the instances. */
  readonly turns: Turns
  /** Denies the keys of a tag from now on. */
  deny(tag: string): void
  end(): Promise<void>
}

/** Starts a Redis, the truth, and instances that are up to date. */
export async function startRig(
  instances: number,
  silenceMs: number,
  loadMsMax: number,
): Promise<Rig> {
  const redis = await startRedisServer()
  const denied = new Set<string>()
  const truth = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const [, tag = '', name = ''] = new URL(request.url).pathname.split('/')
      // Read now and sent later, so that the answer is old if the truth changes meanwhile.
      const answer = denied.has(tag) ? '0' : '1'
      if (name.startsWith('slow')) await Bun.sleep(Math.random() * loadMsMax)
      return new Response(answer)
    },
  })
  const started = await Promise.all(
    Array.from({ length: instances }, async () =>
      startInstance([String(redis.port), `http://127.0.0.1:${truth.port}`, String(silenceMs)]),
    ),
  )
  const turns = watchTurns(started.map(({ pid }) => pid))
  return {
    redis,
    instances: started,
    turns,
    deny: (tag) => void denied.add(tag),
    async end() {
      turns.stop()
      for (const instance of started) instance.end()
      await truth.stop(true)
      await redis.end()
    },
  }
}

async function startInstance(args: readonly string[]): Promise<Instance> {
  const waiting = new Map<number, (reply: Reply) => void>()
  const ready = Promise.withResolvers<void>()
  let lastId = 0
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, 'instance.ts'), ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc(reply: Reply) {
      if (reply.id === 0) ready.resolve()
      waiting.get(reply.id)?.(reply)
      waiting.delete(reply.id)
    },
  })
  await ready.promise
  return {
    pid: child.pid,
    async tell(order) {
      const id = (lastId += 1)
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ id, ...order })
      })
    },
    end: () => child.kill('SIGKILL'),
  }
}
