import { availableParallelism } from 'node:os'
import type { Random } from '../core/index.ts'
import { LabError } from '../core/index.ts'
import type { Histogram } from '../histogram/index.ts'
import type { ConnectionEvents } from '../load/index.ts'
import { Connection, createPacer, readTarget, requestBytes } from '../load/index.ts'
import type { SliceMark } from '../machine/index.ts'
import { foreignCoresBetween, markSlice } from '../machine/index.ts'
import type { Slice, SliceRequest } from './slice.ts'

/** A request under way. */
interface Flight {
  plannedMs: number
  isBusy: boolean
}

/** Sends one request over and over, in slices; its connections stay open from one to the next. */
export interface Slicer {
  /** One request; resolves with the status. */
  probe(): Promise<number>
  /**
   * As fast as it answers. Resolves when nothing is under way any more. This process does not sleep
   * meanwhile, unless it `maySleep`: see {@link stayAwake}.
   */
  saturate(
    ms: number,
    serverPids: readonly number[],
    options?: { readonly maySleep: boolean },
  ): Promise<Slice>
  /** At a rate, from planned moments; returns how many failed. */
  pace(wish: PaceWish): Promise<number>
  close(): void
}

/** A slice of open load. */
export interface PaceWish {
  readonly ms: number
  readonly perSecond: number
  readonly random: Random
  /** Response times from the planned moments. */
  readonly times: Histogram
  readonly lag: Histogram
}

/** What is sent, with a name for messages. */
export interface NamedRequest {
  readonly name: string
  readonly request: SliceRequest
}

/** Discarded at the start of a slice: caches that fill, connections that wake up. */
const DISCARD_MS = 15
/** What is not answered so long after a slice is given up, with its connection. */
const DRAIN_MS_MAX = 3000
const EXPECTATION = { keepHead: false, keepBody: false } as const

/**
 * Opens the connections.
 *
 * @param clockMs - Monotonic, in milliseconds with fractions.
 * @throws LabError where they cannot be opened
 */
export async function openSlicer(
  arm: NamedRequest,
  connections: number,
  allowRemote: boolean,
  clockMs: () => number,
): Promise<Slicer> {
  const load = new Load(arm, connections, allowRemote, clockMs)
  await load.connect()
  return load
}

class Load implements Slicer {
  readonly #arm: NamedRequest
  readonly #clockMs: () => number
  readonly #size: number
  readonly #bytes: Uint8Array
  readonly #isHead: boolean
  readonly #target: ReturnType<typeof readTarget>
  readonly #events: ConnectionEvents<Flight>
  #all: Connection<Flight>[] = []
  #connecting = 0
  #connected: (() => void) | undefined
  #broken: string | undefined
  #inFlight = 0
  #drained: (() => void) | undefined
  /** What is done with an answer, and with a connection that is free after it. */
  #onAnswer: (connection: Connection<Flight>, isGood: boolean) => void = () => undefined
  #onLost: () => void = () => undefined

  constructor(arm: NamedRequest, size: number, allowRemote: boolean, clockMs: () => number) {
    const { url, method, headers, body } = arm.request
    const { pathname, search } = new URL(url)
    this.#arm = arm
    this.#size = size
    this.#clockMs = clockMs
    this.#target = readTarget(url, { allowRemote })
    this.#isHead = method === 'HEAD'
    this.#bytes = requestBytes(this.#target.authority, {
      method,
      path: pathname + search,
      headers: Object.entries(headers),
      body,
    })
    this.#events = {
      onOpen: () => {
        this.#connecting -= 1
        if (this.#connecting === 0) this.#connected?.()
      },
      onAnswer: (connection) => this.#answered(connection),
      onBroken: (connection, _kind, reason) => this.#lost(connection, reason),
    }
  }

  /** Opens what is missing; servers end connections that rest for long. */
  async connect(): Promise<void> {
    this.#broken = undefined
    this.#all = this.#all.filter(({ isOpen }) => isOpen)
    const missing = this.#size - this.#all.length
    if (missing === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#connected = resolve
    this.#connecting = missing
    for (let at = 0; at < missing; at += 1) {
      const connection = new Connection<Flight>({ plannedMs: 0, isBusy: false }, this.#events)
      this.#all.push(connection)
      connection.open(this.#target, this.#target.hostnames[0]!)
    }
    await promise
    if (this.#all.some(({ isOpen }) => isOpen)) return
    throw new LabError(
      `${this.#arm.name}: ${this.#broken ?? 'no connection'} (${this.#arm.request.url})`,
    )
  }

  async probe(): Promise<number> {
    await this.connect()
    const [connection] = this.#all
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#onAnswer = (answered) => resolve(answered.parser.status)
    this.#onLost = () => reject(new LabError(`${this.#arm.name}: ${this.#broken ?? 'no answer'}`))
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
    this.#onLost = () => void (failed += 1)
    this.#onAnswer = (connection, isGood) => {
      if (begin !== undefined && end === undefined) {
        if (isGood) requests += 1
        else failed += 1
      }
      const nowMs = this.#clockMs()
      look(nowMs)
      if (nowMs < window.toMs && connection.isOpen) this.#send(connection, nowMs)
    }
    for (const connection of this.#all) if (connection.isOpen) this.#send(connection, startMs)
    const wakefulness = maySleep ? undefined : stayAwake()
    await this.#drain(DISCARD_MS + ms)
    wakefulness?.end()
    if (begin === undefined) return STALLED
    end ??= { mark: markSlice(serverPids), atMs: this.#clockMs() }
    const seconds = (end.atMs - begin.atMs) / 1000
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
    const free = this.#all.filter(({ isOpen }) => isOpen)
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
    this.#onLost = () => void (failed += 1)
    this.#onAnswer = (connection, isGood) => {
      const { plannedMs } = connection.context
      if (!isGood) failed += 1
      else if (counts(plannedMs)) times.record((this.#clockMs() - plannedMs) * 1000)
      if (connection.isOpen) free.push(connection)
      const next = waiting.shift()
      if (next !== undefined) fire(next)
    }
    const over = Promise.withResolvers<void>()
    const pacer = createPacer(this.#clockMs, () => {
      const nowMs = this.#clockMs()
      while (nextMs <= nowMs && nextMs < endMs) {
        // Waiting for a connection is the server's doing.
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
    await this.#drain(0)
    return failed + waiting.length
  }

  close(): void {
    for (const connection of this.#all) connection.end()
    this.#all = []
  }

  #send(connection: Connection<Flight>, plannedMs: number): void {
    const flight = connection.context
    flight.plannedMs = plannedMs
    flight.isBusy = true
    this.#inFlight += 1
    connection.send(this.#bytes, { ...EXPECTATION, isHead: this.#isHead })
  }

  #answered(connection: Connection<Flight>): void {
    const { parser, context } = connection
    if (!context.isBusy) return
    context.isBusy = false
    this.#inFlight -= 1
    if (!parser.keepAlive) connection.end()
    this.#onAnswer(connection, parser.status === this.#arm.request.status)
    if (this.#inFlight === 0) this.#drained?.()
  }

  #lost(connection: Connection<Flight>, reason: string): void {
    this.#broken = reason
    if (!connection.hasOpened) {
      this.#connecting -= 1
      if (this.#connecting === 0) this.#connected?.()
    }
    if (!connection.context.isBusy) return
    connection.context.isBusy = false
    this.#inFlight -= 1
    this.#onLost()
    if (this.#inFlight === 0) this.#drained?.()
  }

  /** Resolves when everything is answered, or given up {@link DRAIN_MS_MAX} after `ms`. */
  async #drain(ms: number): Promise<void> {
    if (this.#inFlight === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#drained = resolve
    const timer = setTimeout(() => {
      for (const connection of this.#all) {
        if (connection.context.isBusy) connection.broken('closed', 'no answer in time')
      }
      resolve()
    }, ms + DRAIN_MS_MAX)
    await promise
    clearTimeout(timer)
    this.#drained = undefined
  }
}

const STALLED = { requests: 0, failed: 0, seconds: 0, cpuNs: null, foreignCores: null } as const

/**
 * Keeps this process from sleeping. Whoever answers a sleeper pays for waking it, and a server that got
 * slower lets its client sleep more often: a layer would seem to cost up to a half more than it does. On
 * one processor, it would take from the server what it saves.
 */
function stayAwake(): { end(): void } {
  let isAwake = availableParallelism() > 1
  const turn = (): void => {
    if (isAwake) setImmediate(turn)
  }
  turn()
  return { end: () => void (isAwake = false) }
}
