import type { Server } from './child.ts'
import { cpuTimeBetween, totalNs } from './cpu-time.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './connection.ts'
import type { Slice } from './slice.ts'
import { stayAwake } from './wakefulness.ts'

/** Load on one arm as fast as it answers. */
export interface ClosedLoop {
  /** Sends for `ms` and measures all but the first `discardMs`. Ends when all answers and records are complete. */
  run(ms: number, discardMs: number): Promise<Slice>
  /** Sends a number of requests. */
  some(count: number): Promise<void>
  /** Sends each request once. */
  once(): Promise<void>
  close(): void
}

/** Step through the requests, a prime, so that neighbors in time are not neighbors in memory. */
const STRIDE = 40_487

/** Opens the connections of an arm. */
export async function createClosedLoop(
  server: Server,
  requests: readonly Uint8Array[],
  connectionsMax: number,
): Promise<ClosedLoop> {
  let next = 0
  let answered = 0
  let inFlight = 0
  let left = 0
  let failure: Error | undefined
  let drained: (() => void) | undefined

  const send = (connection: Connection): void => {
    next = (next + STRIDE) % requests.length
    left -= 1
    connection.send(requests[next]!)
  }
  const fail = (reason: string): void => {
    failure ??= new Error(`${server.arm}: ${reason}`)
    left = 0
    drained?.()
  }
  const onAnswer = (connection: Connection, status: number): void => {
    answered += 1
    if (status !== 200) fail(`status ${status}`)
    if (left > 0) return send(connection)
    inFlight -= 1
    if (inFlight === 0) drained?.()
  }
  const connections = await Promise.all(
    Array.from({ length: connectionsMax }, () =>
      openConnection('127.0.0.1', server.port, { onAnswer, onFailure: fail }),
    ),
  )
  const start = (count: number): Promise<void> => {
    left = count
    const { promise, resolve } = Promise.withResolvers<void>()
    drained = resolve
    for (const connection of connections) {
      if (left <= 0) break
      inFlight += 1
      send(connection)
    }
    return promise
  }
  const some = async (count: number): Promise<void> => {
    await start(count)
    if (failure !== undefined) throw failure
  }
  /** Sends for `ms`, and waits for all answers. */
  const load = async (ms: number): Promise<void> => {
    const sleepAgain = stayAwake()
    const done = start(Infinity)
    await Bun.sleep(ms)
    left = 0
    await done
    sleepAgain()
    if (failure !== undefined) throw failure
  }
  return {
    async run(ms, discardMs) {
      if (discardMs > 0) await load(discardMs)
      const records = await server.drain()
      const before = { answered, cpu: await server.cpu(), atMs: performance.now() }
      await load(ms - discardMs)
      const seconds = (performance.now() - before.atMs) / 1000
      const loaded = await server.cpu()
      const { written, dropped } = await server.drain()
      const all = await server.cpu()
      return {
        requests: answered - before.answered,
        seconds,
        cpu: cpuTimeBetween(before.cpu, all),
        drainNs: totalNs(cpuTimeBetween(loaded, all)),
        written: written - records.written,
        dropped: dropped - records.dropped,
      }
    },
    some,
    once: async () => some(requests.length),
    close() {
      for (const connection of connections) connection.end()
    },
  }
}
