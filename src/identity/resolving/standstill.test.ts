import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import {
  createMemoryBus,
  createMemoryCounters,
  createMemoryLog,
  createRelayServer,
  createStreamBus,
  openRedis,
  openRedisStream,
  STREAM_DEFAULTS,
} from '../../storage/index.ts'
import type { Bus, RedisStream } from '../../storage/index.ts'
import type { RedisServer } from '../../storage/redis/redis-server.fixture.ts'
import {
  hasRedisServer,
  startRedisServer,
  until,
} from '../../storage/redis/redis-server.fixture.ts'
import { watchLiveness } from '../../storage/redis/liveness.ts'
import { identityCollections } from '../collections.ts'
import type { Rig } from '../test-rig.ts'
import { codeOf, createRig, valueOf } from '../test-rig.ts'

/** A process that was suspended decides nothing from memory, in whatever order its parts wake. */

describe('memory is believed by the clock at the moment of the decision', () => {
  test.each([
    ['the process stood still', (clock) => clock.advance(10_000)],
    // This concerns both clocks: the monotonic one also stops while a machine is suspended.
    ['the machine was suspended', (clock) => clock.setWall(clock.nowMs() + 10_000)],
  ] satisfies [string, (clock: ReturnType<typeof createManualClock>) => void][])(
    '%s: no timer has fired yet, and the first request is read anew',
    async (_, standStill) => {
      const clock = createManualClock()
      const bus = createMemoryBus()
      let gap: () => void = () => undefined
      const liveness = watchLiveness({
        clock,
        silenceMs: 500,
        onSilence: () => gap(),
        onLive: () => undefined,
      })
      const heard: Bus = {
        ...bus,
        hearsAll: liveness.check,
        subscribe(listener) {
          const before = gap
          gap = () => {
            before()
            listener({ kind: 'gap', isSilence: true })
          }
          return bus.subscribe(listener)
        },
      }
      const other = await createRig({ clock, ownsRecords: false })
      const rig = await createRig({ clock, bus: heard, records: other.records, ownsRecords: false })
      liveness.proven({ monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() })
      const made = valueOf(await other.identity.keys.create('t1', { name: 'k' }))
      expect(codeOf(await rig.resolve(made.secret))).toBe('ok')
      // The message of the other instance never arrives.
      await other.identity.keys.revoke('t1', made.after.id)
      expect(codeOf(await rig.resolve(made.secret))).toBe('ok')
      standStill(clock)
      expect(codeOf(await rig.resolve(made.secret))).toBe('credential_invalid')
      liveness.stop()
    },
  )
})

describe.skipIf(!hasRedisServer)('a process stopped by a real SIGSTOP', () => {
  let server: RedisServer
  let rig: Rig
  let stream: RedisStream
  const ends: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    server = await startRedisServer()
    const redis = await openRedis(server.options(), { clock: systemClock })
    const random = systemRandom
    const options = { ...STREAM_DEFAULTS, redis, clock: systemClock, random, name: 'bus' }
    stream = openRedisStream(options)
    const bus = createStreamBus(stream)
    await until(() => stream.isLive(), 'the stream')
    rig = await createRig({ bus, ownsRecords: false })
    ends.push(async () => {
      await bus.close()
      await stream.close()
      await redis.close()
    })
  }, 20_000)
  afterAll(async () => {
    for (const end of ends) await end()
    await server.end()
  })

  const ASKERS = 16

  test.each([
    ['with Redis at hand', false],
    ['with Redis gone meanwhile', true],
  ])(
    'refuses a key at the first request after waking that was revoked before: %s',
    async (_, redisGoes) => {
      await until(() => stream.isLive(), 'the stream')
      const instance = await startInstance(rig, server.port)
      const { id, secret } = await makeKey(rig)
      const asks = await Promise.all(Array.from({ length: ASKERS }, () => asker(instance.port)))
      expect(new Set(await Promise.all(asks.map((ask) => ask(secret))))).toEqual(
        new Set(['allowed']),
      )
      await instance.stop()
      await rig.identity.keys.revoke('t1', id)
      if (redisGoes) await server.kill()
      const answers = asks.map((ask) => ask(secret))
      // It is stopped for longer than it may trust its memory without hearing anything.
      await Bun.sleep(STREAM_DEFAULTS.silenceMs + 200)
      instance.wake()
      expect(await Promise.all(answers)).toEqual(Array(ASKERS).fill('credential_invalid'))
      await instance.end()
      if (redisGoes) await server.restart()
    },
    30_000,
  )
})

async function makeKey({ identity }: Rig): Promise<{ id: string; secret: string }> {
  const made = valueOf(await identity.keys.create('t1', { name: 'k' }))
  return { id: made.after.id, secret: made.secret }
}

/** A connection on which credentials are asked for, one after the other. */
async function asker(port: number): Promise<(credential: string) => Promise<string>> {
  const socket: Socket = connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const lines = createInterface(socket)
  return async (credential) => {
    const answer = new Promise<string>((resolve) => lines.once('line', resolve))
    socket.write(`${credential}\n`)
    return answer
  }
}

interface Instance {
  readonly port: number
  stop(): Promise<unknown>
  wake(): void
  end(): Promise<unknown>
}

async function startInstance({ records }: Rig, redisPort: number): Promise<Instance> {
  const relay = createRelayServer({
    records,
    counters: createMemoryCounters(),
    log: createMemoryLog(),
    bus: createMemoryBus(),
    collections: identityCollections,
  })
  const started = Promise.withResolvers<number>()
  let deliver: (message: unknown) => void = () => undefined
  const child = Bun.spawn({
    cmd: [process.execPath, join(import.meta.dir, 'instance.fixture.ts'), String(redisPort)],
    ipc(message: { readonly port?: number }) {
      if (message.port === undefined) deliver(message)
      else started.resolve(message.port)
    },
  })
  relay.connect({
    send(message) {
      child.send(message)
    },
    onMessage(listener) {
      deliver = listener
    },
    onClose: () => undefined,
  })
  const isStopped = (): boolean => /\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))
  return {
    port: await started.promise,
    async stop() {
      child.kill('SIGSTOP')
      return until(isStopped, 'the process being stopped')
    },
    wake: () => child.kill('SIGCONT'),
    async end() {
      child.kill('SIGKILL')
      return child.exited
    },
  }
}
