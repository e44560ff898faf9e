import type { Socket } from 'bun'
import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { BodyError } from '../../core/http1/body-error.ts'
import { problemAnswer } from '../../core/problem.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import { REFUSALS, refuse } from '../../core/refusal.ts'
import type { ServerConnection } from '../listener.ts'
import { answerLines, statusLine } from './answer-head.ts'
import { discardAnswer, plainResponse } from './answers.ts'
import { HeadReader } from './head-reader.ts'
import { Intake } from './intake.ts'
import { Outbox } from './outbox.ts'
import type { RequestHead, UnreadableReason } from './request-head.ts'
import { Unreadable } from './request-head.ts'
import { SocketRequest } from './socket-request.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import { Tunnel } from './tunnel.ts'
import type { WebSocketDoor } from './web-socket-door.ts'
import type { Http1World } from './world.ts'
import { ticksOf } from './world.ts'
import type { AnswerHead } from './write-answer.ts'
import { answerHead, isSilent, writeSilent, writeWhole } from './write-answer.ts'

/** What a connection is about. */
type Phase =
  /** Between two requests. */
  | 'idle'
  /** Part of a head has come. */
  | 'head'
  /** A request is being answered. */
  | 'busy'
  /** An answer is complete and waits for the socket. */
  | 'flushing'
  /** What is left of an unread body is dropped, to keep the connection. */
  | 'discarding'
  /** Everything is said; the client may still speak, so that it can read the answer. */
  | 'lingering'
  /** Carried on to a server of WebSockets. */
  | 'tunnel'
  /** Both sides have said everything. */
  | 'ending'
  | 'closed'

/** What follows an answer. */
type Next = 'idle' | 'discarding' | 'lingering' | 'ending'

const HEAD_TICKS = ticksOf(10_000)
const BODY_TICKS = ticksOf(10_000)
const FORGET_TICKS = ticksOf(5000)
const LINGER_TICKS = ticksOf(2000)
const NEVER = Number.MAX_SAFE_INTEGER
const DISCARDED_BYTES_MAX = 65_536
/** Requests of one connection that are answered before others have their turn. */
const TURN_REQUESTS_MAX = 64
const METHODS_SERVED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** A socket, and the connection it carries. */
export type HttpSocket = Socket<Http1Connection | undefined>

/** One connection: requests are read one after the other, and answered in order (RFC 9112 §9.3). */
export class Http1Connection {
  /** The tick at which patience ends. */
  deadlineTick: number
  readonly address: string
  private readonly world: Http1World
  private readonly socket: HttpSocket
  private readonly outbox: Outbox
  private readonly reader: HeadReader
  private readonly intake: Intake
  private readonly face: ServerConnection
  private phase: Phase = 'idle'
  private next: Next = 'idle'
  /** The client has said that it sends no more. */
  private isEnded = false
  /** No request has come yet. */
  private isFresh = true
  private idleSinceTick = 0
  private head: RequestHead | undefined = undefined
  private request: SocketRequest | undefined = undefined
  private streamed: StreamedAnswer | undefined = undefined
  private tunnel: Tunnel | undefined = undefined
  private discardedBytes = 0
  private writtenBytesSeen = 0

  constructor(socket: HttpSocket, world: Http1World, address: string) {
    this.socket = socket
    this.world = world
    this.address = address
    this.outbox = new Outbox(socket, world.gathering)
    this.reader = new HeadReader(world.rules)
    this.intake = new Intake(socket, this.outbox)
    this.deadlineTick = world.tick + HEAD_TICKS
    this.face = {
      scheme: world.rules.scheme,
      peerAddress: () => address,
      extend: unlimited,
      upgrade: impossible,
    }
  }

  /** Whether a request is being answered, its answer is still going out, or a WebSocket is open. */
  get isBusy(): boolean {
    return this.phase === 'busy' || this.phase === 'flushing' || this.phase === 'tunnel'
  }

  /** The socket has bytes. */
  receive(chunk: Buffer): void {
    switch (this.phase) {
      case 'idle':
      case 'head':
        return this.read(chunk)
      case 'busy':
      case 'flushing':
        return this.store(chunk)
      case 'discarding':
        return this.discard(chunk)
      case 'tunnel':
        return this.tunnel?.receive(chunk)
      case 'lingering':
      case 'ending':
      case 'closed':
        return
      default:
        this.phase satisfies never
    }
  }

  /** The socket takes bytes again. */
  drained(): void {
    if (!this.outbox.drain()) return
    if (this.phase === 'tunnel') return this.tunnel?.drained()
    if (this.phase !== 'flushing') return this.streamed?.drained()
    this.enter(this.next)
    this.goOn()
  }

  /** The client sends no more. It may still read: what is under way is finished. */
  ended(): void {
    this.isEnded = true
    if (this.phase === 'busy') {
      // It cannot be told from one that went away; who waits for long should not do so in vain.
      this.request?.abort()
      this.intake.body?.fail(new BodyError('bad_request', 'The body broke off.'))
    } else if (this.phase === 'tunnel') this.tunnel?.clientEnded()
    else if (this.phase !== 'flushing' && this.phase !== 'ending') this.hangUp()
  }

  /** The socket is closed. */
  closed(): void {
    if (this.phase === 'closed') return
    const { request, streamed, intake } = this
    const { body } = intake
    if (request !== undefined) this.world.inFlight -= 1
    this.phase = 'closed'
    this.deadlineTick = NEVER
    this.request = undefined
    this.streamed = undefined
    this.reader.clear()
    intake.close()
    this.outbox.clear()
    request?.abort()
    body?.fail(new BodyError('bad_request', 'The connection was closed.'))
    streamed?.abandon()
    this.tunnel?.abandon()
    this.tunnel = undefined
  }

  /** Closes the connection: at once when nothing is under way, or else after the answer. */
  finish(): void {
    if (this.phase === 'idle' || this.phase === 'head') this.hangUp()
    else if (this.phase === 'discarding') this.linger()
  }

  /** Cuts it off: the client gets a reset. */
  cut(): void {
    this.socket.terminate()
    this.closed()
  }

  /** Patience has come to an end. */
  expire(): void {
    switch (this.phase) {
      case 'idle':
        return this.endIdling()
      case 'head':
        return this.refuse(
          new Unreadable('too_slow', 'request_timeout', 'The request did not come in time.'),
        )
      case 'busy':
        return this.lookForProgress()
      case 'flushing':
        return this.lookForWriting()
      case 'discarding':
      case 'lingering':
        return this.hangUp()
      case 'ending':
        return this.cut()
      case 'tunnel':
      case 'closed':
        return
      default:
        this.phase satisfies never
    }
  }

  /** Reads requests, and answers those that can be answered at once with one write. */
  private read(chunk: Buffer): void {
    const { reader, outbox } = this
    const bytes = reader.begin(chunk)
    let at = 0
    let requests = 0
    while (at < bytes.length && (this.phase === 'idle' || this.phase === 'head')) {
      if (requests === TURN_REQUESTS_MAX) {
        this.yieldTurn()
        break
      }
      requests += 1
      const head = reader.next(at)
      if (head === undefined) break
      if (head instanceof Unreadable) {
        reader.clear()
        return this.refuse(head)
      }
      at = this.begin(head, bytes, at + head.bytes)
    }
    if (at === bytes.length) reader.clear()
    else if (this.phase === 'idle' || this.phase === 'head') {
      reader.keep(at)
      this.waitForHead()
    } else {
      reader.clear()
      if (this.isBusy) this.store(bytes.subarray(at))
    }
    if (!outbox.flush() && this.phase === 'idle') this.enter('idle')
  }

  /** Lets others have their turn before the rest of what this one has pipelined. */
  private yieldTurn(): void {
    this.phase = 'flushing'
    this.next = 'idle'
    this.watchWriting()
    setImmediate(() => {
      if (this.phase !== 'flushing' || !this.outbox.isEmpty) return
      try {
        this.enter(this.next)
        this.goOn()
      } catch (bug) {
        this.fail(bug)
      }
    })
  }

  private waitForHead(): void {
    if (this.phase !== 'idle') return
    this.phase = 'head'
    // The time of the first head runs since the connection was made.
    if (!this.isFresh) this.deadlineTick = this.world.tick + HEAD_TICKS
  }

  /** Begins a request whose body is at `bodyAt`. Returns where the next one would be. */
  private begin(head: RequestHead, bytes: Buffer, bodyAt: number): number {
    const { bodyBytesMax, rules, webSockets } = this.world
    const { bodyBytes } = head
    this.isFresh = false
    this.head = head
    if (head.wantsWebSocket && webSockets !== undefined) {
      this.handOver(webSockets, head, bytes.subarray(bodyAt))
      return bytes.length
    }
    if (bodyBytes > bodyBytesMax) {
      this.refuse(new Unreadable('body_too_large', 'body_too_large', 'The body is too large.'))
      return bytes.length
    }
    if (bodyBytes >= 0 && bytes.length - bodyAt >= bodyBytes) {
      const end = bodyAt + bodyBytes
      this.answerTo(new SocketRequest(head, rules.scheme, bytes, bodyAt, end, undefined))
      return end
    }
    const { intake } = this
    const excess = intake.open(head, bytes.subarray(bodyAt), bodyBytesMax)
    const body = intake.body!
    if (body.failure !== undefined) {
      const { code, message } = body.failure
      this.refuse(new Unreadable(reasonOf(code), code, message))
      return bytes.length
    }
    if (body.isDone) {
      const whole = body.collect()
      intake.close()
      this.answerTo(new SocketRequest(head, rules.scheme, whole, 0, whole.length, undefined))
    } else this.answerTo(new SocketRequest(head, rules.scheme, bytes, 0, 0, body))
    return bytes.length - excess
  }

  /** From here on the connection is that of another server. */
  private handOver(door: WebSocketDoor, head: RequestHead, rest: Buffer): void {
    const { socket, outbox, world } = this
    this.phase = 'tunnel'
    this.deadlineTick = NEVER
    this.reader.forget()
    const first = [door.announce(head, this.address), rest]
    const onEnd = (): void => {
      if (this.phase === 'tunnel') this.enter('ending')
    }
    this.tunnel = new Tunnel({ socket, outbox, onEnd }, world.gathering, door.path(), first)
  }

  private answerTo(request: SocketRequest): void {
    const { world } = this
    this.phase = 'busy'
    this.deadlineTick = this.intake.body === undefined ? NEVER : world.tick + BODY_TICKS
    this.request = request
    request.sink = this
    world.inFlight += 1
    let answer: Answer | Promise<Answer>
    try {
      answer =
        world.inFlight > world.requestsMax ? this.turnAway() : world.handle(request, this.face)
    } catch (error) {
      answer = this.explain(error)
    }
    if (answer instanceof Promise) {
      answer.then(
        (settled) => this.settle(request, settled, undefined),
        (error: unknown) => this.settle(request, undefined, error),
      )
    } else this.send(answer)
  }

  /** Sends an interim answer, unless the final one has begun, or the client speaks a version that knows none. */
  interim(request: SocketRequest, answer: PlainAnswer): void {
    const { head, outbox } = this
    if (this.request !== request || this.phase !== 'busy' || this.streamed !== undefined) return
    if (head?.isCurrent !== true || !outbox.isEmpty) return
    // A hint that cannot be sent is no reason to fail.
    try {
      outbox.latin1(`${statusLine(answer.status)}${answerLines(answer).text}\r\n`)
    } catch {
      return
    }
    outbox.flush()
  }

  private turnAway(): Answer {
    this.world.turnedAway += 1
    return problemAnswer(refuse('unavailable', { headers: { 'retry-after': '1' } }), 'busy')
  }

  /** A handler that lets the body's failure through has not failed itself. */
  private explain(error: unknown): Answer {
    if (!(error instanceof BodyError)) return this.world.onBug(error)
    return problemAnswer(refuse(error.code, { detail: error.message }), 'unread')
  }

  /** The handler has answered, or failed with `error`. */
  private settle(request: SocketRequest, answer: Answer | undefined, error: unknown): void {
    if (this.request !== request) return answer === undefined ? undefined : discardAnswer(answer)
    try {
      this.send(answer ?? this.explain(error))
      if (!this.outbox.flush() && this.phase === 'idle') this.enter('idle')
      this.goOn()
    } catch (bug) {
      this.fail(bug)
    }
  }

  /** A bug of ours: nothing that was begun can be trusted. */
  fail(bug: unknown): void {
    this.world.gathering.length = 0
    this.cut()
    this.world.onBug(bug)
  }

  /** Puts an answer on its way. */
  private send(answer: Answer): void {
    const { head, world } = this
    if (head === undefined) return
    const keeps = this.keeps(head)
    if (keeps && head.isCurrent && head.method !== 'HEAD') {
      this.intake.answered()
      if (world.repeated.write(answer, world.dateLine, this.outbox)) return this.complete(keeps)
    }
    let plain = toPlain(answer)
    let rendered: AnswerHead
    try {
      rendered = answerHead(plain, head.isCurrent, keeps, world.dateLine)
    } catch (error) {
      discardAnswer(answer)
      plain = toPlain(world.onBug(error))
      rendered = answerHead(plain, head.isCurrent, keeps, world.dateLine)
    }
    this.intake.answered()
    const { body } = plain
    if (isSilent(head, plain.status)) {
      writeSilent(this.outbox, rendered, plain)
      discardAnswer(plain)
    } else if (body instanceof ReadableStream) return this.stream(rendered, body, head, keeps)
    else writeWhole(this.outbox, rendered, body)
    this.complete(keeps)
  }

  /** Whether the connection can be kept after this answer. */
  private keeps(head: RequestHead): boolean {
    return head.keepsAlive && !this.world.isDraining && this.intake.mayDiscard(DISCARDED_BYTES_MAX)
  }

  private stream(
    { text, length }: AnswerHead,
    body: ReadableStream<Uint8Array>,
    { isCurrent }: RequestHead,
    keeps: boolean,
  ): void {
    const { request } = this
    this.streamed = new StreamedAnswer(body, this.outbox, {
      text,
      length,
      isCurrent,
      onWaiting: () => this.watchWriting(),
      onEnd: (isWhole) => {
        if (this.request !== request) return
        if (isWhole) this.endStream(keeps && (isCurrent || length !== undefined))
        else this.cut()
      },
    })
    this.streamed.start()
  }

  private endStream(keeps: boolean): void {
    try {
      this.complete(keeps)
      this.goOn()
    } catch (bug) {
      this.fail(bug)
    }
  }

  /** The answer is complete, though it may not be written yet. */
  private complete(keeps: boolean): void {
    const { intake } = this
    const { body } = intake
    // Writing may have shown that the client is gone.
    if (this.request === undefined) return
    this.world.inFlight -= 1
    this.request = undefined
    this.streamed = undefined
    if (body === undefined || (body.isDone && body.failure === undefined)) {
      intake.close()
      // Closing with unread bytes would reset the connection, and take the answer with it.
      return this.enter(keeps ? 'idle' : intake.hasBacklog ? 'lingering' : 'ending')
    }
    if (!body.isDone) {
      body.drop()
      // A socket that is not read may hide that the client is gone.
      intake.unpause()
    }
    this.enter(keeps && body.failure === undefined ? 'discarding' : 'lingering')
  }

  /** Goes over to what follows, when everything is written. */
  private enter(wanted: Next): void {
    const { world, outbox } = this
    const next = wanted === 'idle' && world.isDraining ? 'ending' : wanted
    this.next = next
    // What was gathered may wait for more of it, unless this was the last.
    const isWritten = next === 'idle' ? outbox.isEmpty : outbox.flush()
    if (this.phase === 'closed') return
    if (!isWritten) {
      this.phase = 'flushing'
      return this.watchWriting()
    }
    switch (next) {
      case 'idle':
        this.phase = 'idle'
        this.idleSinceTick = world.tick
        this.deadlineTick = world.tick + Math.min(FORGET_TICKS, world.idleTicks)
        return
      case 'discarding':
        return this.beginDiscarding()
      case 'lingering':
        return this.linger()
      case 'ending':
        return this.hangUp()
      default:
        next satisfies never
    }
  }

  /** Between two turns: takes up what came meanwhile. */
  private goOn(): void {
    if (this.phase !== 'idle') return
    const backlog = this.intake.takeBacklog()
    if (backlog !== undefined) this.read(backlog)
    // That may have changed; the compiler takes it for what it was.
    const phase = this.phase as Phase
    if (this.isEnded && (phase === 'idle' || phase === 'head')) this.hangUp()
  }

  /** Bytes that come while a request is being answered. */
  private store(chunk: Buffer): void {
    const { intake } = this
    if (!intake.take(chunk)) return
    const { code } = intake.body!.failure!
    this.report(code, reasonOf(code))
  }

  private beginDiscarding(): void {
    this.phase = 'discarding'
    this.deadlineTick = this.world.tick + BODY_TICKS
    this.discardedBytes = 0
    this.intake.unpause()
    if (this.intake.body?.isDone === true) this.endDiscarding()
  }

  private discard(chunk: Buffer): void {
    const { body } = this.intake
    if (body === undefined) return
    const excess = body.take(chunk)
    this.discardedBytes += chunk.length - excess
    if (this.discardedBytes > DISCARDED_BYTES_MAX) return this.linger()
    if (!body.isDone) return
    this.endDiscarding()
    if (excess > 0) this.receive(chunk.subarray(chunk.length - excess))
  }

  private endDiscarding(): void {
    const hasFailed = this.intake.body?.failure !== undefined
    this.intake.close()
    this.enter(hasFailed ? 'lingering' : 'idle')
  }

  /** Says goodbye, and hears the client out for a while: closing at once could cost it the answer. */
  private linger(): void {
    this.phase = 'lingering'
    this.deadlineTick = this.world.tick + LINGER_TICKS
    this.intake.close()
    if (this.isEnded) return this.hangUp()
    this.socket.shutdown()
    this.intake.takeBacklog()
  }

  /** Closes the socket. With TLS that waits for the client, though not for long. */
  private hangUp(): void {
    this.phase = 'ending'
    this.deadlineTick = this.world.tick + LINGER_TICKS
    this.socket.end()
  }

  /** Answers what cannot be read, and closes. */
  private refuse({ code, reason, detail }: Unreadable): void {
    this.report(code, reason)
    const headers = code === 'method_not_allowed' ? { headers: { allow: METHODS_SERVED } } : {}
    const answer = problemAnswer(refuse(code, { detail, ...headers }), 'unread')
    const rendered = answerHead(answer, true, false, this.world.dateLine)
    writeWhole(this.outbox, rendered, answer.body as string)
    this.enter('lingering')
  }

  private report(code: RefusalCode, reason: UnreadableReason): void {
    this.world.unreadable += 1
    this.world.onUnreadable(this.address, REFUSALS[code].status, reason)
  }

  private endIdling(): void {
    const { world, idleSinceTick, isFresh } = this
    const untilTick = idleSinceTick + world.idleTicks
    if (isFresh || world.tick >= untilTick) return this.hangUp()
    this.reader.forget()
    this.deadlineTick = untilTick
  }

  private watchWriting(): void {
    this.writtenBytesSeen = this.outbox.writtenBytes
    this.deadlineTick = this.world.tick + this.world.idleTicks
  }

  private lookForWriting(): void {
    if (this.outbox.writtenBytes === this.writtenBytesSeen) this.cut()
    else this.watchWriting()
  }

  private lookForProgress(): void {
    const { intake, world, streamed } = this
    if (streamed?.isWaiting === true) return this.lookForWriting()
    const { body } = intake
    this.deadlineTick = NEVER
    if (body === undefined || body.isDone) return
    if (!intake.endWindow()) this.deadlineTick = world.tick + BODY_TICKS
    else {
      this.report('request_timeout', 'too_slow')
      body.fail(new BodyError('request_timeout', 'The body came too slowly.'))
    }
  }
}

/** Nothing limits how long a request may take to be answered, or an answer to go on. */
const unlimited = (): void => {}
/** What becomes a WebSocket is not answered here. */
const impossible = (): boolean => false

const toPlain = (answer: Answer): PlainAnswer =>
  answer instanceof PlainAnswer ? answer : plainResponse(answer)

const reasonOf = (code: RefusalCode): UnreadableReason =>
  code === 'body_too_large' ? 'body_too_large' : 'body'
