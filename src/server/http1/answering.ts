import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import { BodyError } from '../../core/http1/body-error.ts'
import { problemAnswer } from '../../core/problem.ts'
import { refuse } from '../../core/refusal.ts'
import { answerLines, statusLine } from './answer-head.ts'
import { discardAnswer, plainResponse } from './answers.ts'
import type { Intake } from './intake.ts'
import type { Outbox } from './outbox.ts'
import type { Peer } from './peer.ts'
import type { InterimSink, SocketRequest } from './socket-request.ts'
import type { Rejection } from './rejection.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { Unreadable } from './unreadable.ts'
import type { Http1World } from './world.ts'
import { turnAway } from './world.ts'
import type { AnswerHead } from './write-answer.ts'
import { answerHead, isSilent, writeSilent, writeWhole } from './write-answer.ts'

/** The connection on which answers are sent. */
export interface AnsweringHost {
  /** The answer is complete, though it may not be written yet. */
  completed(keeps: boolean): void
  /** Called at the end of a turn in which an answer that was not immediate was sent. */
  turnEnded(): void
  /** The client accepts no more for now. */
  waitForClient(): void
  /** An answer that has begun cannot be completed as announced; the client must be able to notice. */
  cut(): void
  /** Reports a bug of the gate. */
  fail(bug: unknown): void
}

/** Answers the requests of a connection, one at a time: from the handler's answer to the bytes of the message. */
export class Answering implements InterimSink {
  private readonly world: Http1World
  private readonly peer: Peer
  private readonly outbox: Outbox
  private readonly intake: Intake
  private readonly host: AnsweringHost
  private request: SocketRequest | undefined = undefined
  private streamed: StreamedAnswer | undefined = undefined
  /** Whether the handler of the current request is still running. */
  private isHandling = false

  constructor(world: Http1World, peer: Peer, outbox: Outbox, intake: Intake, host: AnsweringHost) {
    this.world = world
    this.peer = peer
    this.outbox = outbox
    this.intake = intake
    this.host = host
  }

  get scheme(): 'http' | 'https' {
    return this.peer.scheme
  }

  /** Whether a streamed answer waits for the client to take more. */
  get isWaiting(): boolean {
    return this.streamed?.isWaiting === true
  }

  /** Starts answering a request: at once, or when its handler is done. */
  begin(request: SocketRequest): void {
    const { world } = this
    this.request = request
    world.inFlight += 1
    let answer: Answer | Promise<Answer>
    try {
      answer =
        world.inFlight > world.requestsMax
          ? turnAway(world, this.peer.address)
          : world.handle(request, this.peer)
    } catch (error) {
      answer = this.explain(error)
    }
    if (answer instanceof Promise) {
      this.isHandling = true
      answer.then(
        (settled) => this.settle(request, settled, undefined),
        (error: unknown) => this.settle(request, undefined, error),
      )
    } else this.send(request, answer)
  }

  /** Puts the answer to an unreadable request into the outbox. */
  refuse(unreadable: Unreadable): void {
    const requestId = this.rejected(unreadable)
    const answer = unreadable.answer(requestId)
    const rendered = answerHead(answer, true, false, this.world.dateLine)
    writeWhole(this.outbox, rendered, answer.body as string)
  }

  /** Sends an interim response, unless the final one has begun or the client's HTTP version has none. */
  interim(request: SocketRequest, answer: PlainAnswer): void {
    const { outbox } = this
    if (this.request !== request || this.streamed !== undefined) return
    if (!request.head.isCurrent || !outbox.isEmpty) return
    // An interim response that cannot be sent is no reason to fail.
    try {
      outbox.latin1(`${statusLine(answer.status)}${answerLines(answer).text}\r\n`)
    } catch {
      return
    }
    outbox.flush()
  }

  /** The client accepts bytes again. */
  drained(): void {
    this.streamed?.drained()
  }

  /** The client may have gone away: tells the handler, which may still answer. */
  abort(): void {
    this.request?.abort()
  }

  /** The client is gone: drops the answer under way. */
  abandon(): void {
    const { request, streamed } = this
    // A request whose handler is still running gives its room back when the handler is done.
    if (!this.isHandling) request?.release(this.world.bodyRoom)
    this.end()
    request?.abort()
    streamed?.abandon()
  }

  /** Reports a request that the connection itself answers. Returns the id of that answer. */
  private rejected({ reason, code }: Pick<Rejection, 'reason' | 'code'>): string {
    const { world, peer } = this
    const requestId = world.requestIds.next().text
    world.onRejected({ reason, code, address: peer.address, requestId, isHandled: false })
    return requestId
  }

  /** A handler that passes on the body's failure has not failed itself. */
  private explain(error: unknown): Answer {
    const requestId = this.world.requestIds.next().text
    if (!(error instanceof BodyError)) return this.world.onBug(error, requestId)
    return problemAnswer(refuse(error.code, { detail: error.message }), requestId)
  }

  /** The handler has answered, or failed with `error`. */
  private settle(request: SocketRequest, answer: Answer | undefined, error: unknown): void {
    const { host } = this
    if (this.request !== request) {
      request.release(this.world.bodyRoom)
      return answer === undefined ? undefined : discardAnswer(answer)
    }
    this.isHandling = false
    try {
      this.send(request, answer ?? this.explain(error))
      host.turnEnded()
    } catch (bug) {
      host.fail(bug)
    }
  }

  /** Starts sending an answer. */
  private send({ head }: SocketRequest, answer: Answer): void {
    const { world, outbox, intake } = this
    const { isCurrent } = head
    const keeps = head.keepsAlive && !world.isDraining && intake.mayDiscard()
    intake.answered()
    let plain = toPlain(answer)
    let rendered: AnswerHead | undefined
    try {
      const isRepeated = keeps && isCurrent && head.method !== 'HEAD' && this.repeat(plain)
      if (!isRepeated) rendered = answerHead(plain, isCurrent, keeps, world.dateLine)
    } catch (error) {
      discardAnswer(answer)
      plain = toPlain(this.explain(error))
      rendered = answerHead(plain, isCurrent, keeps, world.dateLine)
    }
    if (rendered === undefined) return this.complete(keeps)
    const { body } = plain
    if (isSilent(head, plain.status)) {
      writeSilent(outbox, rendered, plain)
      discardAnswer(plain)
    } else if (body instanceof ReadableStream) return this.stream(rendered, body, isCurrent, keeps)
    else writeWhole(outbox, rendered, body)
    this.complete(keeps)
  }

  /** Writes an answer from bytes that were prepared before, if there are any. */
  private repeat(answer: PlainAnswer): boolean {
    const { world, outbox } = this
    const { repeated, heads, dateLine } = world
    return repeated.write(answer, dateLine, outbox) || heads.write(answer, dateLine, outbox)
  }

  private stream(
    { text, length }: AnswerHead,
    body: ReadableStream<Uint8Array>,
    isCurrent: boolean,
    keeps: boolean,
  ): void {
    const { request, host } = this
    this.streamed = new StreamedAnswer(body, this.outbox, {
      text,
      length,
      isCurrent,
      onWaiting: () => host.waitForClient(),
      onEnd: (isWhole) => {
        if (this.request !== request) return
        if (isWhole) this.endStream(keeps && (isCurrent || length !== undefined))
        else host.cut()
      },
    })
    this.streamed.start()
  }

  private endStream(keeps: boolean): void {
    const { host } = this
    try {
      this.complete(keeps)
      host.turnEnded()
    } catch (bug) {
      host.fail(bug)
    }
  }

  private complete(keeps: boolean): void {
    // Writing may have revealed that the client is gone.
    if (this.request === undefined) return
    this.request.release(this.world.bodyRoom)
    this.end()
    this.host.completed(keeps)
  }

  private end(): void {
    if (this.request !== undefined) this.world.inFlight -= 1
    this.request = undefined
    this.streamed = undefined
  }
}

const toPlain = (answer: Answer): PlainAnswer =>
  answer instanceof PlainAnswer ? answer : plainResponse(answer)
