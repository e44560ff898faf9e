import { availableParallelism } from 'node:os'
import type { Random } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import type { Histogram } from '../histogram/index.ts'
import type { Connection, Target } from '../load/index.ts'
import { createPacer, readTarget, requestBytes } from '../load/index.ts'
import type { SliceMark } from '../machine/index.ts'
import { foreignCoresBetween, markSlice } from '../machine/index.ts'
import type { Flight } from './lines.ts'
import { Lines } from './lines.ts'
import type { Slice, SliceRequest } from './slice.ts'

/** Sends one request repeatedly, in slices; its connections stay open between them. */
export interface Slicer {
  /** Sends one request; resolves with the status. */
  probe(): Promise<number>
  /**
   * Sends as fast as the server answers. Resolves when nothing is under way any more. This process does not sleep
   * meanwhile, unless it `maySleep`: see {@link stayAwake}. A slice with a length of 0 is one of which too little was
   * observed to be of use.
   */
  saturate(
    ms: number,
    serverPids: readonly number[],
    options?: { readonly maySleep: boolean },
  ): Promise<Slice>
  /** Sends at planned moments of a fixed rate; returns how many failed. */
  pace(wish: PaceWish): Promise<number>
  close(): void
}

/** A slice of open load. */
export interface PaceWish {
  readonly ms: number
  readonly perSecond: number
  readonly random: Random
  /** Receives the response times, from the planned moments. */
  readonly times: Histogram
  readonly lag: Histogram
}

/** A request, with a name for messages. */
export interface NamedRequest {
  readonly name: string
  readonly request: SliceRequest
}

/** Discarded at the start of a slice: caches that fill, connections that wake up. */
const DISCARD_MS = 15

/**
 * Opens the connections: one set for each origin, which its requests share. Only one slice may be under way at a
 * time.
 *
 * @param clockMs - Monotonic, in milliseconds with fractions.
 * @throws LabError if they cannot be opened
 */
export async function openSlicers(
  arms: readonly NamedRequest[],
  connections: number,
  allowRemote: boolean,
  clockMs: () => number,
): Promise<readonly Slicer[]> {
  const byOrigin = new Map<string, Lines>()
  const opened: Load[] = []
  try {
    for (const arm of arms) {
      const target = readTarget(arm.request.url, { allowRemote })
      const known = byOrigin.get(target.origin)
      const lines = known ?? new Lines(target, connections)
      byOrigin.set(target.origin, lines)
      const load = new Load(arm, target, lines, clockMs)
      opened.push(load)
      await load.connect()
    }
    for (const lines of byOrigin.values()) {
      await beginInTurn(
        lines,
        opened.filter((load) => load.isOn(lines)),
      )
    }
    return opened
  } catch (error) {
    for (const load of opened) load.close()
    throw error
  }
}

/** Requests that begin a connection; a server may adapt to a connection by its second request. */
const BEGINNING = 5

/**
 * Begins each connection with another arm, in turn. Servers may remember what a connection sent first and answer
 * that more cheaply from then on; otherwise one arm would have all of that advantage.
 */
async function beginInTurn(lines: Lines, loads: readonly Load[]): Promise<void> {
  if (loads.length < 2) return
  lines.use({ onAnswer: () => undefined, onLost: () => undefined })
  for (let sent = 0; sent < BEGINNING; sent += 1) {
    for (const [at, connection] of lines.open.entries()) {
      loads[at % loads.length]!.begin(connection)
    }
    await lines.drain(0)
  }
}

/** {@link openSlicers} for one request. */
export async function openSlicer(
  arm: NamedRequest,
  connections: number,
  allowRemote: boolean,
  clockMs: () => number,
): Promise<Slicer> {
  const [slicer] = await openSlicers([arm], connections, allowRemote, clockMs)
  return slicer!
}

class Load implements Slicer {
  readonly #arm: NamedRequest
  readonly #clockMs: () => number
  readonly #lines: Lines
  readonly #bytes: Uint8Array
  readonly #isHead: boolean

  constructor(arm: NamedRequest, target: Target, lines: Lines, clockMs: () => number) {
    const { url, method, headers, body } = arm.request
    const { pathname, search } = new URL(url)
    this.#arm = arm
    this.#lines = lines
    this.#clockMs = clockMs
    this.#isHead = method === 'HEAD'
    this.#bytes = requestBytes(target.authority, {
      method,
      path: pathname + search,
      headers: Object.entries(headers),
      body,
    })
  }

  connect(): Promise<void> {
    return this.#lines.connect(this.#arm.name)
  }

  isOn(lines: Lines): boolean {
    return this.#lines === lines
  }

  /** Sends one request and ignores its answer. */
  begin(connection: Connection<Flight>): void {
    this.#send(connection, this.#clockMs())
  }

  async probe(): Promise<number> {
    const { name } = this.#arm
    await this.connect()
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#lines.use({
      onAnswer: ({ parser }) => resolve(parser.status),
      onLost: (reason) => reject(new LabError(`${name}: ${reason}`)),
    })
    const [connection] = this.#lines.open
    if (connection !== undefined) this.#send(connection, this.#clockMs())
    return promise
  }

  async saturate(
    ms: number,
    serverPids: readonly number[],
    { maySleep } = { maySleep: false },
  ): Promise<Slice> {
    await this.connect()
    const startMs = this.#clockMs()
    const window = { fromMs: startMs + DISCARD_MS, toMs: startMs + DISCARD_MS + ms }
    let begin: { readonly atMs: number; readonly mark: SliceMark } | undefined
    let end: typeof begin
    let requests = 0
    let failed = 0
    const look = (nowMs: number): void => {
      if (begin === undefined && nowMs >= window.fromMs) {
        begin = { mark: markSlice(serverPids), atMs: this.#clockMs() }
      } else if (begin !== undefined && end === undefined && nowMs >= window.toMs) {
        end = { mark: markSlice(serverPids), atMs: this.#clockMs() }
      }
    }
    this.#lines.use({
      onLost: () => void (failed += 1),
      onAnswer: (connection) => {
        if (begin !== undefined && end === undefined) {
          if (this.#isGood(connection)) requests += 1
          else failed += 1
        }
        const nowMs = this.#clockMs()
        look(nowMs)
        if (nowMs < window.toMs && connection.isOpen) this.#send(connection, nowMs)
      },
    })
    for (const connection of this.#lines.open) this.#send(connection, startMs)
    const wakefulness = maySleep ? undefined : stayAwake()
    await this.#lines.drain(DISCARD_MS + ms)
    wakefulness?.end()
    if (begin === undefined) return STALLED
    end ??= { mark: markSlice(serverPids), atMs: this.#clockMs() }
    const seconds = (end.atMs - begin.atMs) / 1000
    if (seconds * 1000 < ms * MEASURED_SHARE_MIN) return STALLED
    const [from, to] = [begin.mark.serverNs, end.mark.serverNs]
    return {
      requests,
      failed,
      seconds,
      cpuNs: from === null || to === null ? null : to - from,
      foreignCores: foreignCoresBetween(begin.mark, end.mark, seconds),
    }
  }

  async pace({ ms, perSecond, random, times, lag }: PaceWish): Promise<number> {
    await this.connect()
    const startMs = this.#clockMs()
    const endMs = startMs + DISCARD_MS + ms
    const gapMs = 1000 / perSecond
    const free = this.#lines.open
    const waiting: number[] = []
    let failed = 0
    let nextMs = startMs + gapMs * random.exponential()
    const counts = (plannedMs: number): boolean => plannedMs >= startMs + DISCARD_MS
    const fire = (plannedMs: number): void => {
      const connection = free.pop()
      if (connection === undefined) {
        waiting.push(plannedMs)
        return
      }
      this.#send(connection, plannedMs)
    }
    this.#lines.use({
      onLost: () => void (failed += 1),
      onAnswer: (connection) => {
        const { plannedMs } = connection.context
        if (!this.#isGood(connection)) failed += 1
        else if (counts(plannedMs)) times.record((this.#clockMs() - plannedMs) * 1000)
        if (connection.isOpen) free.push(connection)
        const next = waiting.shift()
        if (next !== undefined) fire(next)
      },
    })
    const over = Promise.withResolvers<void>()
    const pacer = createPacer(this.#clockMs, () => {
      const nowMs = this.#clockMs()
      while (nextMs <= nowMs && nextMs < endMs) {
        // Waiting for a connection is caused by the server.
        if (counts(nextMs)) lag.record((this.#clockMs() - nextMs) * 1000)
        fire(nextMs)
        nextMs += gapMs * random.exponential()
      }
      if (nextMs < endMs) pacer.wake(nextMs)
      else over.resolve()
    })
    pacer.wake(nextMs)
    await over.promise
    pacer.stop()
    await this.#lines.drain(0)
    return failed + waiting.length
  }

  close(): void {
    this.#lines.close()
  }

  #isGood({ parser }: Connection<Flight>): boolean {
    return parser.status === this.#arm.request.status
  }

  #send(connection: Connection<Flight>, plannedMs: number): void {
    this.#lines.send(connection, plannedMs, this.#bytes, this.#isHead)
  }
}

/** A slice with a smaller measured share is unusable: this process or the server did not run for the rest of it. */
const MEASURED_SHARE_MIN = 0.5

const STALLED = { requests: 0, failed: 0, seconds: 0, cpuNs: null, foreignCores: null } as const

/**
 * Keeps this process from sleeping. A server that answers a sleeping client pays for waking it, and a slower
 * server lets its client sleep more often, so a layer would seem to cost up to a half more than it does. On
 * a single processor, staying awake would take from the server what it saves.
 */
function stayAwake(): { end(): void } {
  let isAwake = availableParallelism() > 1
  const turn = (): void => {
    if (isAwake) setImmediate(turn)
  }
  turn()
  return { end: () => void (isAwake = false) }
}
