import type { Socket } from 'bun'
import { BodyError } from '../../core/http1/body-error.ts'
import type { AnsweringHost } from './answering.ts'
import { Answering } from './answering.ts'
import { SMALL_BYTES_MAX } from './body-room.ts'
import { HeadReader } from './head-reader.ts'
import { Intake } from './intake.ts'
import { Outbox } from './outbox.ts'
import { Patience } from './patience.ts'
import { Peer } from './peer.ts'
import type { Next, Phase } from './phase.ts'
import type { ReadingHost } from './read-requests.ts'
import { readRequests } from './read-requests.ts'
import type { RequestHead } from './request-head.ts'
import type { RequestBody } from './request-body.ts'
import { SocketRequest } from './socket-request.ts'
import type { TimedConnection } from './time-limits.ts'
import { expire } from './time-limits.ts'
import { Tunnel } from './tunnel.ts'
import type { Unreadable } from './unreadable.ts'
import { LARGE_BODY, unreadableBody } from './unreadable.ts'
import type { WebSocketDoor } from './web-socket-door.ts'
import { isAsSent } from './web-socket-door.ts'
import type { Http1World } from './world.ts'

/** A socket, and the connection it carries. */
export type HttpSocket = Socket<Http1Connection | undefined>

/** One connection: requests are read one after the other, and answered in order (RFC 9112 §9.3). */
export class Http1Connection implements AnsweringHost, ReadingHost, TimedConnection {
  readonly intake: Intake
  readonly patience: Patience
  phase: Phase = 'idle'
  /** Whether no request has arrived yet. */
  isFresh = true
  private readonly world: Http1World
  private readonly socket: HttpSocket
  private readonly peer: Peer
  private readonly outbox: Outbox
  private readonly reader: HeadReader
  private readonly answering: Answering
  private next: Next = 'idle'
  /** Whether the client has closed its sending side. */
  private isEnded = false
  private tunnel: Tunnel | undefined = undefined

  constructor(socket: HttpSocket, world: Http1World, address: string) {
    const peer = new Peer(world.rules.scheme, address)
    const outbox = new Outbox(socket, world.gathering)
    const intake = new Intake(socket, outbox, world.bodyRoom)
    this.socket = socket
    this.world = world
    this.peer = peer
    this.outbox = outbox
    this.reader = new HeadReader(world.rules)
    this.intake = intake
    this.answering = new Answering(world, peer, outbox, intake, this)
    this.patience = new Patience(world)
  }

  get address(): string {
    return this.peer.address
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

  /** The socket accepts bytes again. */
  drained(): void {
    if (!this.outbox.drain()) return
    if (this.phase === 'tunnel') return this.tunnel?.drained()
    if (this.phase !== 'flushing') return this.answering.drained()
    this.enter(this.next)
    this.goOn()
  }

  /** The client has closed its sending side. It may still read, so its requests are answered. */
  ended(): void {
    this.isEnded = true
    if (this.phase === 'busy') this.tellOfEnd()
    else if (this.phase === 'tunnel') this.tunnel?.clientEnded()
    else if (this.phase !== 'flushing' && this.phase !== 'ending') this.hangUp()
  }

  /**
   * Tells the handler that the client may have gone away. A client that has gone cannot be told from one that has only
   * closed its sending side, and long work should not be done in vain.
   */
  private tellOfEnd(): void {
    this.answering.abort()
    this.intake.body?.fail(new BodyError('bad_request', 'The body broke off.'))
  }

  /** The socket is closed. */
  closed(): void {
    if (this.phase === 'closed') return
    const { intake, tunnel } = this
    const { body } = intake
    this.phase = 'closed'
    this.patience.withoutEnd()
    this.reader.clear()
    intake.close()
    intake.dropBacklog()
    this.outbox.clear()
    this.tunnel = undefined
    this.answering.abandon()
    body?.fail(new BodyError('bad_request', 'The connection was closed.'))
    tunnel?.abandon()
  }

  /** Closes the connection: at once if nothing is under way, else after the answer. */
  finish(): void {
    if (this.phase === 'idle' || this.phase === 'head') this.hangUp()
    else if (this.phase === 'discarding') this.linger()
  }

  /** Cuts the connection: the client gets a reset. */
  cut(): void {
    this.socket.terminate()
    this.closed()
  }

  /** A bug of the gate: nothing that was begun can be trusted. */
  fail(bug: unknown): void {
    this.world.gathering.length = 0
    this.cut()
    this.world.onBug(bug, this.world.requestIds.next().text)
  }

  /** Checks the time limits; called with every tick. */
  tick(): void {
    if (this.patience.isOver) expire(this)
    if (this.phase === 'busy') this.intake.look()
  }

  get writtenBytes(): number {
    return this.outbox.writtenBytes
  }

  get isWaiting(): boolean {
    return this.answering.isWaiting
  }

  /** Forgets what heads looked like, to save memory while none arrive. */
  forget(): void {
    this.reader.forget()
  }

  get isReading(): boolean {
    return this.phase === 'idle' || this.phase === 'head'
  }

  /** Reads requests, and writes all immediate answers with one call. */
  private read(chunk: Buffer): void {
    readRequests(this.reader, chunk, this)
    if (!this.outbox.flush() && this.phase === 'idle') this.enter('idle')
  }

  /** Gives other connections a turn before the rest of the pipelined requests. */
  yieldTurn(): void {
    this.phase = 'flushing'
    this.next = 'idle'
    this.waitForClient()
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

  waitForHead(): void {
    if (this.phase !== 'idle') return
    this.phase = 'head'
    // The time for the first head has been running since the connection was opened.
    if (!this.isFresh) this.patience.withHead()
  }

  /** Begins a request whose body starts at `bodyAt`. Returns where the next request would start. */
  begin(head: RequestHead, bytes: Buffer, bodyAt: number): number {
    const { bodyBytesMax, bodyRoom, webSockets } = this.world
    const { bodyBytes } = head
    this.isFresh = false
    if (head.wantsWebSocket && webSockets !== undefined && isAsSent(head.target)) {
      this.handOver(webSockets, head, bytes.subarray(bodyAt))
      return bytes.length
    }
    if (bodyBytes > bodyBytesMax) return this.turnDown(LARGE_BODY, bytes)
    if (bodyBytes >= 0 && bytes.length - bodyAt >= bodyBytes) {
      const end = bodyAt + bodyBytes
      if (bodyBytes > SMALL_BYTES_MAX && !bodyRoom.take(bodyBytes)) {
        return this.turnDown(unreadableBody(bodyRoom.failure(bodyBytes)), bytes)
      }
      this.answerTo(head, bytes, bodyAt, end, undefined)
      return end
    }
    const { intake } = this
    const excess = intake.open(head, bytes.subarray(bodyAt), bodyBytesMax)
    const body = intake.body!
    if (body.failure !== undefined) return this.turnDown(unreadableBody(body.failure), bytes)
    if (body.isDone) {
      const whole = body.collect()
      intake.close()
      body.release()
      // The room that it has just given back.
      if (whole.length > SMALL_BYTES_MAX) bodyRoom.take(whole.length)
      this.answerTo(head, whole, 0, whole.length, undefined)
    } else this.answerTo(head, bytes, 0, 0, body)
    return bytes.length - excess
  }

  /** Refuses a request without reading its body. Nothing after it is read. */
  private turnDown(unreadable: Unreadable, { length }: Buffer): number {
    this.refuse(unreadable)
    return length
  }

  /** Hands the connection over to the server for WebSockets. */
  private handOver(door: WebSocketDoor, head: RequestHead, rest: Buffer): void {
    const { socket, outbox, world } = this
    this.phase = 'tunnel'
    this.patience.withoutEnd()
    this.reader.forget()
    const opening = door.announce(head, this.peer.address)
    const onEnd = (isRefused: boolean): void => {
      // A refused client may have sent more, and must be able to read the refusal.
      if (this.phase === 'tunnel') this.enter(isRefused ? 'lingering' : 'ending')
    }
    const client = { socket, outbox, onEnd }
    this.tunnel = new Tunnel(client, world.gathering, door.path(), opening, rest)
  }

  /** Starts answering a request whose body lies in `chunk` between `from` and `end`, or is still to come. */
  private answerTo(
    head: RequestHead,
    chunk: Buffer,
    from: number,
    end: number,
    incoming: RequestBody | undefined,
  ): void {
    const { answering, patience } = this
    this.phase = 'busy'
    if (incoming === undefined) patience.withoutEnd()
    else patience.withBody()
    answering.begin(new SocketRequest(head, answering, chunk, from, end, incoming))
    // The client had pipelined this request before it closed its sending side.
    if (this.isEnded && this.phase === 'busy') this.tellOfEnd()
  }

  turnEnded(): void {
    if (!this.outbox.flush() && this.phase === 'idle') this.enter('idle')
    this.goOn()
  }

  completed(keeps: boolean): void {
    const { intake } = this
    const { body } = intake
    if (body === undefined || (body.isDone && body.failure === undefined)) {
      intake.close()
      // Closing with unread bytes would reset the connection, and the answer could be lost.
      return this.enter(keeps ? 'idle' : intake.hasBacklog ? 'lingering' : 'ending')
    }
    if (!body.isDone) {
      body.drop()
      // While a socket is not read, the client's departure may go unnoticed.
      intake.unpause()
    }
    this.enter(keeps && body.failure === undefined ? 'discarding' : 'lingering')
  }

  /** Enters the next phase, once everything is written. */
  private enter(wanted: Next): void {
    const { outbox, world } = this
    const { isFlooded } = this.intake
    const last = isFlooded ? 'lingering' : 'ending'
    const next = wanted === 'idle' && (world.isDraining || isFlooded) ? last : wanted
    this.next = next
    // Gathered bytes may wait for more, unless this was the last answer.
    const isWritten = next === 'idle' ? outbox.isEmpty : outbox.flush()
    if (this.phase === 'closed') return
    if (!isWritten) {
      this.phase = 'flushing'
      return this.waitForClient()
    }
    switch (next) {
      case 'idle':
        this.phase = 'idle'
        return this.patience.withIdling()
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

  /** Between two turns: continues with the bytes that arrived meanwhile. */
  private goOn(): void {
    if (this.phase !== 'idle') return
    const backlog = this.intake.takeBacklog()
    if (backlog !== undefined) this.read(backlog)
    // The phase may have changed, which the compiler does not know.
    const phase = this.phase as Phase
    if (this.isEnded && (phase === 'idle' || phase === 'head')) this.hangUp()
  }

  /** Keeps bytes that arrive while a request is being answered. */
  store(chunk: Buffer): void {
    if (!this.isBusy) return
    const failure = this.intake.take(chunk)
    if (failure !== undefined) this.brokeOff(unreadableBody(failure))
  }

  private beginDiscarding(): void {
    const { intake } = this
    this.phase = 'discarding'
    this.patience.withBody()
    intake.unpause()
    if (intake.body?.isDone === true) this.endDiscarding()
    else if (this.isEnded) this.hangUp()
  }

  private discard(chunk: Buffer): void {
    const { intake } = this
    const excess = intake.discard(chunk)
    if (excess === undefined) return this.linger()
    if (intake.body?.isDone !== true) return
    this.endDiscarding()
    if (excess > 0) this.receive(chunk.subarray(chunk.length - excess))
  }

  private endDiscarding(): void {
    const hasFailed = this.intake.body?.failure !== undefined
    this.intake.close()
    this.enter(hasFailed ? 'lingering' : 'idle')
  }

  /** Closes the sending side, and keeps reading for a while: closing at once could cost the client the answer. */
  private linger(): void {
    this.phase = 'lingering'
    this.patience.withLeaving()
    this.intake.close()
    if (this.isEnded) return this.hangUp()
    this.socket.shutdown()
    this.intake.takeBacklog()
  }

  /** Closes the socket. With TLS this waits for the client, but not for long. */
  hangUp(): void {
    this.phase = 'ending'
    this.patience.withLeaving()
    this.socket.end()
  }

  /** Answers an unreadable request, and closes. */
  refuse(unreadable: Unreadable): void {
    this.answering.refuse(unreadable)
    this.enter('lingering')
  }

  /** The body of a request that is being answered cannot be read further. */
  brokeOff({ code, reason }: Unreadable): void {
    const { address } = this.peer
    this.world.onRejected({ reason, code, address, requestId: undefined, isHandled: true })
  }

  waitForClient(): void {
    this.patience.withWriting(this.outbox.writtenBytes)
  }
}
