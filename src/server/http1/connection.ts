import type { Socket } from 'bun'
import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { BodyError } from '../../core/http1/body-error.ts'
import type { RefusalCode } from '../../core/refusal.ts'
import { REFUSALS, refuse } from '../../core/refusal.ts'
import type { ServerConnection } from '../listener.ts'
import { latin1 } from './buffer-text.ts'
import { answerLines, isBodiless, statusLine } from './answer-head.ts'
import { discardAnswer, plainProblem, plainResponse } from './answers.ts'
import type { HeadTemplate } from './head-template.ts'
import { createHeadTemplate, matchTemplate } from './head-template.ts'
import { Outbox } from './outbox.ts'
import { parseRequestHead } from './parse-request-head.ts'
import type { BodySource } from './request-body.ts'
import { RequestBody } from './request-body.ts'
import type { RequestHead, UnreadableReason } from './request-head.ts'
import { Unreadable } from './request-head.ts'
import { SocketRequest } from './socket-request.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { Http1World } from './world.ts'
import { ticksOf } from './world.ts'

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
  | 'closed'

/** What follows an answer. */
type Next = 'idle' | 'discarding' | 'lingering' | 'ending'

const HEAD_TICKS = ticksOf(10_000)
const BODY_TICKS = ticksOf(10_000)
const LINGER_TICKS = ticksOf(2000)
const NEVER = Number.MAX_SAFE_INTEGER
/** A body slower than this in a window of {@link BODY_TICKS} is given up: about 1 KB a second. */
const BODY_WINDOW_BYTES_MIN = 10_240
const BACKLOG_BYTES_MAX = 65_536
const DISCARDED_BYTES_MAX = 65_536
const TEMPLATE_BYTES_MAX = 2048
const TEMPLATE_MISSES_MAX = 4

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const CLOSE = 'connection: close\r\n'
const KEEP_ALIVE = 'connection: keep-alive\r\n'

/** A socket, and the connection it carries. */
export type HttpSocket = Socket<Http1Connection | undefined>

/** One connection: requests are read one after the other, and answered in order (RFC 9112 §9.3). */
export class Http1Connection implements BodySource {
  /** The tick at which patience ends. */
  deadlineTick: number
  readonly address: string
  private readonly world: Http1World
  private readonly socket: HttpSocket
  private readonly outbox: Outbox
  private readonly face: ServerConnection
  private phase: Phase = 'idle'
  private next: Next = 'idle'
  private isPaused = false
  private wasPaused = false
  /** The client has said that it sends no more. */
  private isEnded = false
  private isFresh = true
  /** Part of a head. */
  private pending: Buffer | undefined = undefined
  /** What came after the request that is being answered. */
  private backlog: Buffer | undefined = undefined
  private template: HeadTemplate | undefined = undefined
  private templateMisses = TEMPLATE_MISSES_MAX - 1
  private head: RequestHead | undefined = undefined
  private request: SocketRequest | undefined = undefined
  private body: RequestBody | undefined = undefined
  private mustContinue = false
  private bodyBytesSeen = 0
  private discardedBytes = 0
  private writtenBytesSeen = 0
  private streamed: StreamedAnswer | undefined = undefined

  constructor(socket: HttpSocket, world: Http1World, address: string) {
    this.socket = socket
    this.world = world
    this.address = address
    this.outbox = new Outbox(socket, world.gathering)
    this.deadlineTick = world.tick + HEAD_TICKS
    this.face = {
      scheme: world.rules.scheme,
      peerAddress: () => address,
      // Nothing limits how long a request may take to be answered, or an answer to go on.
      extend: () => {},
      upgrade: () => false,
    }
  }

  /** Whether a request is being answered, or its answer is still going out. */
  get isBusy(): boolean {
    return this.phase === 'busy' || this.phase === 'flushing'
  }

  /** Whether no request is being answered. */
  private get isBetween(): boolean {
    return this.phase === 'idle' || this.phase === 'head'
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
      case 'lingering':
      case 'closed':
        return
      default:
        this.phase satisfies never
    }
  }

  /** The socket takes bytes again. */
  drained(): void {
    if (!this.outbox.drain()) return
    if (this.phase !== 'flushing') return this.streamed?.drained()
    this.enter(this.next)
    this.goOn()
  }

  /** The client sends no more. It may still read: what is under way is finished. */
  ended(): void {
    this.isEnded = true
    if (this.phase === 'busy') {
      this.body?.fail(new BodyError('bad_request', 'The body broke off.'))
      // It cannot be told from one that went away; who waits for long should not do so in vain.
      this.request?.abort()
    } else if (this.phase !== 'flushing') this.socket.end()
  }

  /** The socket is closed. */
  closed(): void {
    if (this.phase === 'closed') return
    const { request, body, streamed } = this
    if (request !== undefined) this.world.inFlight -= 1
    this.phase = 'closed'
    this.deadlineTick = NEVER
    this.request = undefined
    this.body = undefined
    this.streamed = undefined
    this.backlog = undefined
    this.pending = undefined
    this.outbox.clear()
    body?.fail(new BodyError('bad_request', 'The connection was closed.'))
    request?.abort()
    streamed?.abandon()
  }

  /** Closes the connection, at once when it is idle, or else after the answer that is under way. */
  finish(): void {
    if (this.phase === 'idle' || this.phase === 'head') this.socket.end()
    else if (this.phase === 'discarding') this.enter('lingering')
    else if (this.phase === 'flushing' && this.next === 'idle') this.next = 'ending'
  }

  /** Cuts it off: the client gets a reset. */
  cut(): void {
    this.socket.terminate()
    this.closed()
  }

  /** Patience has come to an end. */
  expire(): void {
    switch (this.phase) {
      case 'head':
        this.refuse(
          new Unreadable('too_slow', 'request_timeout', 'The request did not come in time.'),
        )
        break
      case 'busy':
        this.lookForProgress()
        break
      case 'flushing':
        this.lookForWriting()
        break
      case 'closed':
        break
      case 'idle':
      case 'discarding':
      case 'lingering':
        this.socket.end()
        this.closed()
        break
      default:
        this.phase satisfies never
    }
  }

  /** Reads requests, and answers those that can be answered at once with one write. */
  private read(chunk: Buffer): void {
    const { pending, world } = this
    const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk])
    const windowBytes = world.rules.headBytesMax + 1
    this.pending = undefined
    let at = 0
    let windowAt = 0
    let text = latin1(bytes, 0, Math.min(bytes.length, windowBytes))
    while (at < bytes.length && (this.phase === 'idle' || this.phase === 'head')) {
      const head = this.parse(bytes, text, at, windowAt)
      if (head instanceof Unreadable) return this.refuse(head)
      if (head !== undefined) {
        at = this.begin(head, bytes, at + head.bytes)
        continue
      }
      if (windowAt + text.length === bytes.length) {
        this.wait(bytes, at)
        at = bytes.length
      } else {
        windowAt = at
        text = latin1(bytes, at, Math.min(bytes.length, at + windowBytes))
      }
    }
    if (at < bytes.length && this.isBusy) this.store(bytes.subarray(at))
    if (!this.outbox.flush() && this.phase === 'idle') this.enter('idle')
  }

  private parse(
    bytes: Buffer,
    text: string,
    at: number,
    windowAt: number,
  ): RequestHead | Unreadable | undefined {
    const { template } = this
    const { rules } = this.world
    if (template !== undefined) {
      const head = matchTemplate(template, text, at - windowAt, rules)
      if (head !== undefined) {
        this.templateMisses = 0
        return head
      }
    }
    const head = parseRequestHead(text, at - windowAt, rules)
    if (head === undefined || head instanceof Unreadable || head.bytes > TEMPLATE_BYTES_MAX) {
      return head
    }
    this.templateMisses += 1
    if (this.templateMisses > TEMPLATE_MISSES_MAX) {
      // A copy, because parts of the text would hold all that came with it.
      this.template = createHeadTemplate(latin1(bytes, at, at + head.bytes), rules)
      this.templateMisses = 0
    }
    return head
  }

  /** Keeps part of a head until there is more. */
  private wait(bytes: Buffer, at: number): void {
    this.pending = at === 0 ? bytes : Buffer.from(bytes.subarray(at))
    if (this.phase !== 'idle') return
    this.phase = 'head'
    // The time of the first head runs since the connection was made.
    if (!this.isFresh) this.deadlineTick = this.world.tick + HEAD_TICKS
  }

  /** Begins a request whose body is at `bodyAt`. Returns where the next one would be. */
  private begin(head: RequestHead, bytes: Buffer, bodyAt: number): number {
    const { world } = this
    const { bodyBytes } = head
    this.isFresh = false
    this.head = head
    if (bodyBytes > world.bodyBytesMax) {
      this.refuse(new Unreadable('body_too_large', 'body_too_large', 'The body is too large.'))
      return bytes.length
    }
    let end = bodyAt
    let source = bytes
    let body: RequestBody | undefined
    if (bodyBytes > 0 && bytes.length - bodyAt >= bodyBytes) end += bodyBytes
    else if (bodyBytes !== 0) {
      body = new RequestBody(this, bodyBytes, world.bodyBytesMax)
      end = bytes.length - body.take(bytes.subarray(bodyAt))
      if (body.failure !== undefined) {
        this.refuse(new Unreadable('body', body.failure.code, body.failure.message))
        return bytes.length
      }
      if (body.isDone) source = body.collect()
    }
    this.body = body?.isDone === true ? undefined : body
    this.mustContinue = head.expectsContinue && end === bodyAt
    const [from, to] = source === bytes ? [bodyAt, end] : [0, source.length]
    const request = new SocketRequest(head, world.rules.scheme, source, from, to, this.body)
    this.answerTo(request)
    return end
  }

  private answerTo(request: SocketRequest): void {
    const { world } = this
    this.phase = 'busy'
    this.deadlineTick = this.body === undefined ? NEVER : world.tick + BODY_TICKS
    this.bodyBytesSeen = 0
    this.request = request
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
        (settled) => this.settle(request, settled),
        (error: unknown) => this.settle(request, this.explain(error)),
      )
    } else this.send(answer)
  }

  private turnAway(): Answer {
    this.world.turnedAway += 1
    return plainProblem(refuse('unavailable', { headers: { 'retry-after': '1' } }), 'busy')
  }

  /** A handler that lets the body's failure through has not failed itself. */
  private explain(error: unknown): Answer {
    if (!(error instanceof BodyError)) return this.world.onBug(error)
    return plainProblem(refuse(error.code, { detail: error.message }), 'unread')
  }

  private settle(request: SocketRequest, answer: Answer): void {
    if (this.request !== request) return discardAnswer(answer)
    this.send(answer)
    if (!this.outbox.flush() && this.phase === 'idle') this.enter('idle')
    this.goOn()
  }

  /** Puts an answer on its way. */
  private send(answer: Answer): void {
    const { head } = this
    if (head === undefined) return
    const plain = answer instanceof PlainAnswer ? answer : plainResponse(answer)
    const { body, status } = plain
    const isSilent = head.method === 'HEAD' || isBodiless(status)
    if (body instanceof ReadableStream) {
      if (!isSilent) return this.stream(plain, body, head)
      void body.cancel()
    }
    const keeps = this.keeps(head)
    const { text, length } = this.lines(plain, keeps)
    if (isSilent) this.outbox.latin1(text + silentLength(plain, length))
    else this.sendWhole(text, body as string | Uint8Array | null)
    this.complete(keeps)
  }

  private sendWhole(lines: string, body: string | Uint8Array | null): void {
    const { outbox } = this
    if (typeof body === 'string') {
      const bytes = Buffer.byteLength(body)
      const text = `${lines}content-length: ${bytes}\r\n\r\n`
      if (bytes === body.length) return outbox.latin1(text + body)
      outbox.latin1(text)
      outbox.utf8(body, bytes)
    } else if (body === null) outbox.latin1(`${lines}content-length: 0\r\n\r\n`)
    else {
      outbox.latin1(`${lines}content-length: ${body.length}\r\n\r\n`)
      outbox.bytes(body)
    }
  }

  /** The head of an answer, without what says where its body ends. */
  private lines(
    answer: PlainAnswer,
    keeps: boolean,
  ): { readonly text: string; readonly length: number | undefined } {
    const { text, length, hasDate } = answerLines(answer)
    const date = hasDate ? '' : this.world.dateLine
    const connection = keeps ? (this.head!.isCurrent ? '' : KEEP_ALIVE) : CLOSE
    return { text: statusLine(answer.status) + text + date + connection, length }
  }

  /** Whether the connection can be kept after this answer. */
  private keeps(head: RequestHead): boolean {
    const { body } = this
    if (!head.keepsAlive || this.world.isDraining) return false
    if (body === undefined) return true
    if (body.failure !== undefined || this.mustContinue) return false
    return body.isDone || (body.remainingBytes ?? 0) <= DISCARDED_BYTES_MAX
  }

  private stream(answer: PlainAnswer, body: ReadableStream<Uint8Array>, head: RequestHead): void {
    const keeps = this.keeps(head)
    const { text, length } = this.lines(answer, keeps)
    const { request } = this
    this.streamed = new StreamedAnswer(body, this.outbox, {
      text,
      length,
      isCurrent: head.isCurrent,
      onWaiting: () => this.watchWriting(),
      onEnd: (isWhole) => {
        if (this.request !== request || request === undefined) return
        this.streamed = undefined
        if (!isWhole) return this.cut()
        this.complete(keeps && (head.isCurrent || length !== undefined))
        this.goOn()
      },
    })
    this.streamed.start()
  }

  /** The answer is complete, though it may not be written yet. */
  private complete(keeps: boolean): void {
    const { body } = this
    this.world.inFlight -= 1
    this.request = undefined
    const isUnread = body !== undefined && !body.isDone
    if (body === undefined || (body.isDone && body.failure === undefined)) {
      this.body = undefined
      // Closing with unread bytes would reset the connection, and take the answer with it.
      return this.enter(keeps ? 'idle' : this.backlog === undefined ? 'ending' : 'lingering')
    }
    if (isUnread) body.drop()
    this.enter(keeps ? 'discarding' : 'lingering')
  }

  /** Goes over to what follows, when everything is written. */
  private enter(wanted: Next): void {
    const { world } = this
    const next = wanted === 'idle' && world.isDraining ? 'ending' : wanted
    this.next = next
    const isFlushed = next === 'idle' ? this.outbox.isEmpty : this.outbox.flush()
    if (!isFlushed) {
      this.phase = 'flushing'
      this.watchWriting()
      return
    }
    switch (next) {
      case 'idle':
        this.phase = 'idle'
        this.deadlineTick = world.tick + world.idleTicks
        return
      case 'discarding':
        return this.beginDiscarding()
      case 'lingering':
        return this.linger()
      case 'ending':
        this.socket.end()
        return this.closed()
      default:
        next satisfies never
    }
  }

  /** Between two turns: takes up what came meanwhile. */
  private goOn(): void {
    if (this.phase !== 'idle') return
    const { backlog } = this
    this.backlog = undefined
    this.unpause()
    if (backlog !== undefined) this.read(backlog)
    if (this.isEnded && this.isBetween) this.socket.end()
  }

  /** Bytes that come while a request is being answered: its body, and what follows it. */
  private store(chunk: Buffer): void {
    const { body } = this
    let rest = chunk
    if (body !== undefined && !body.isDone) {
      rest = chunk.subarray(chunk.length - body.take(chunk))
      const { failure } = body
      if (failure !== undefined) return this.report(failure.code, reasonOf(failure))
    }
    if (rest.length === 0 || body?.failure !== undefined) return
    this.backlog = this.backlog === undefined ? rest : Buffer.concat([this.backlog, rest])
    if (this.backlog.length > BACKLOG_BYTES_MAX) this.pauseSocket()
  }

  private beginDiscarding(): void {
    this.phase = 'discarding'
    this.deadlineTick = this.world.tick + BODY_TICKS
    this.discardedBytes = 0
    this.unpause()
    if (this.body?.isDone === true) this.endDiscarding()
  }

  private endDiscarding(): void {
    const hasFailed = this.body?.failure !== undefined
    this.body = undefined
    this.enter(hasFailed ? 'lingering' : 'idle')
  }

  private discard(chunk: Buffer): void {
    const { body } = this
    if (body === undefined) return
    const excess = body.take(chunk)
    this.discardedBytes += chunk.length - excess
    if (this.discardedBytes > DISCARDED_BYTES_MAX) return this.linger()
    if (!body.isDone) return
    this.endDiscarding()
    if (excess > 0 && this.phase === 'idle') this.read(chunk.subarray(chunk.length - excess))
  }

  /** Says goodbye, and hears the client out for a while: closing at once could cost it the answer. */
  private linger(): void {
    this.phase = 'lingering'
    this.deadlineTick = this.world.tick + LINGER_TICKS
    this.backlog = undefined
    this.body = undefined
    if (this.isEnded) return void this.socket.end()
    this.socket.shutdown()
    this.unpause()
  }

  /** Answers what cannot be read, and closes. */
  private refuse({ code, reason, detail }: Unreadable): void {
    const { world } = this
    this.head = undefined
    this.body = undefined
    this.report(code, reason)
    const headers = code === 'method_not_allowed' ? { headers: { allow: METHODS_SERVED } } : {}
    const answer = plainProblem(refuse(code, { detail, ...headers }), 'unread')
    this.sendWhole(this.lines(answer, false).text, answer.body as string)
    this.enter('lingering')
    if (world.gathering.length > 0) this.outbox.flush()
  }

  private report(code: RefusalCode, reason: UnreadableReason): void {
    this.world.unreadable += 1
    this.world.onUnreadable(this.address, REFUSALS[code].status, reason)
  }

  /** Somebody asks for the body. */
  resume(): void {
    if (this.mustContinue && this.streamed === undefined) {
      this.mustContinue = false
      this.outbox.latin1(CONTINUE)
      this.outbox.flush()
    }
    if ((this.backlog?.length ?? 0) <= BACKLOG_BYTES_MAX) this.unpause()
  }

  pause(): void {
    this.pauseSocket()
  }

  private pauseSocket(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.wasPaused = true
    this.socket.pause()
  }

  private unpause(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.socket.resume()
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
    const { body, world } = this
    if (this.streamed?.isWaiting === true) return this.lookForWriting()
    if (body === undefined || body.isDone) {
      this.deadlineTick = NEVER
      return
    }
    const isOurs = this.wasPaused || this.isPaused || this.mustContinue
    if (!isOurs && body.wireBytes - this.bodyBytesSeen < BODY_WINDOW_BYTES_MIN) {
      this.report('request_timeout', 'too_slow')
      body.fail(new BodyError('request_timeout', 'The body came too slowly.'))
      this.deadlineTick = NEVER
      return
    }
    this.wasPaused = false
    this.bodyBytesSeen = body.wireBytes
    this.deadlineTick = world.tick + BODY_TICKS
  }
}

const METHODS_SERVED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

const reasonOf = (failure: BodyError): UnreadableReason =>
  failure.code === 'body_too_large' ? 'body_too_large' : 'body'

/** What says how long the body would be that is not sent (RFC 9110 §8.6). */
function silentLength({ status, body }: PlainAnswer, given: number | undefined): string {
  if (status === 204 || status < 200) return '\r\n'
  if (given !== undefined) return `content-length: ${given}\r\n\r\n`
  if (status === 304 || body instanceof ReadableStream) return '\r\n'
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0)
  return `content-length: ${bytes}\r\n\r\n`
}
