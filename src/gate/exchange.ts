import type { Caller } from '../core/caller.ts'
import { anonymousCaller } from '../core/caller.ts'
import type { IncomingRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import type { RequestId } from '../signals/index.ts'
import type { WebSocketBridge } from '../upstream/index.ts'
import type { Route } from './route.ts'
import type { Bound, PathParameters } from './routing/router.ts'
import { bindParameters } from './routing/router.ts'

/** What the server knows about the connection on which a request arrived. */
export interface Connection {
  readonly scheme: 'http' | 'https'
  /** The peer's address as the socket reports it. This costs a system call, so it is made only when needed. */
  peerAddress(request: IncomingRequest): string
  /** Lets a request be silent for longer than the server's idle timeout; absent where there is none. */
  extend?(request: IncomingRequest, timeoutMs: number): void
  /**
   * Takes the connection over for a WebSocket. `true` means that the handshake has been answered, so what the
   * gate returns is ignored; `false`, that the connection cannot be upgraded. Absent where the server has no
   * WebSockets.
   */
  upgrade?(
    request: IncomingRequest,
    socket: WebSocketBridge,
    headers: Readonly<Record<string, string>>,
  ): boolean
}

/** One line of an explanation: what a layer decided, by which rule, and how long that took. */
export interface Note {
  readonly layer: string
  readonly verdict: 'pass' | 'refuse' | 'answer'
  readonly rule: string | undefined
  readonly durationNs: number
}

/** What an exchange asks of the gate it travels through. */
export interface ExchangeWorld {
  clientAddress(request: IncomingRequest, peer: string): string
  /** Reads `peer` only where it matters, because that costs a system call. */
  requestId(exchange: Pick<Exchange, 'request' | 'peer'>): RequestId
}

/** Facts that few exchanges have, and those that only exchanges with a body have. */
interface RareFacts {
  /** The body as text and as JSON, once they have been read. */
  bodyText: string | undefined
  body: unknown
  /** The content type of the body, once it has been asked for. */
  contentType: string | null
  /** Whether {@link Exchange.body} has been parsed and found good. */
  bodyChecked: boolean
  /** The rule by which the running stage decided, for explanations and the audit log. */
  rule: string | undefined
  /** What a policy decided, for the audit log. */
  decision: string | undefined
  /** Response headers that stages ask for, such as RateLimit. */
  responseHeaders: Readonly<Record<string, string>> | undefined
  /** The same headers as ready lines, each with its CRLF, where a stage that vouches for them has made them. */
  responseLines: string | undefined
  /** Gives back what is held while the request runs, such as a place within a concurrency limit; called once. */
  release: (() => void) | undefined
  /** Present when the request is only explained: then nothing is taken from limits, sent or recorded. */
  notes: Note[] | undefined
  /** The caller to explain the request for, in place of the one whose credential it presents. */
  presumed: Caller | undefined
  refusal: Refusal | undefined
}

/**
 * What travels through the gate: one request and everything that becomes known about it. It is created once
 * and never copied: stages write down what they find out, and the recorder reads it at the exit.
 *
 * Costly facts (address, request id, parameters) are worked out when first asked for. Rare facts live on the
 * prototype until they are set, because allocating an exchange is a good part of what a request costs.
 */
export class Exchange implements RareFacts {
  readonly world: ExchangeWorld
  readonly connection: Connection
  readonly request: IncomingRequest
  /** Wall clock at arrival, milliseconds since the epoch. */
  readonly nowMs: number
  /** The route that method and path led to. */
  readonly bound: Bound<Route>
  /** Canonical path, without query. */
  readonly path: string
  /** The query as it came, with its `?`; empty when there is none. */
  readonly query: string
  readonly pathValues: readonly string[]

  caller: Caller = anonymousCaller
  /** The index, among the route's stages, of the one that is running or that ended the exchange. */
  at = 0
  /** Monotonic milliseconds at arrival. */
  startMs = 0

  declare bodyText: RareFacts['bodyText']
  declare body: RareFacts['body']
  declare contentType: RareFacts['contentType']
  declare bodyChecked: RareFacts['bodyChecked']
  declare rule: RareFacts['rule']
  declare decision: RareFacts['decision']
  declare responseHeaders: RareFacts['responseHeaders']
  declare responseLines: RareFacts['responseLines']
  declare release: RareFacts['release']
  declare notes: RareFacts['notes']
  declare presumed: RareFacts['presumed']
  declare refusal: RareFacts['refusal']

  private addressKnown: string | undefined = undefined
  private idKnown: RequestId | undefined = undefined
  private parametersKnown: PathParameters | undefined = undefined

  constructor(
    world: ExchangeWorld,
    connection: Connection,
    request: IncomingRequest,
    nowMs: number,
    bound: Bound<Route>,
    path: string,
    query: string,
    pathValues: readonly string[],
  ) {
    this.world = world
    this.connection = connection
    this.request = request
    this.nowMs = nowMs
    this.bound = bound
    this.path = path
    this.query = query
    this.pathValues = pathValues
  }

  get method(): string {
    return this.bound.method
  }

  get route(): Route {
    return this.bound.target
  }

  /** The address at the other end of the connection: the client, or a proxy in front. */
  get peer(): string {
    return this.connection.peerAddress(this.request)
  }

  /** The client's address: the peer's, or what trusted proxies say it is. */
  get address(): string {
    return (this.addressKnown ??= this.world.clientAddress(this.request, this.peer))
  }

  get id(): RequestId {
    return (this.idKnown ??= this.world.requestId(this))
  }

  get requestId(): string {
    return this.id.text
  }

  /** Path parameters by name, escapes not decoded. */
  get parameters(): PathParameters | undefined {
    return (this.parametersKnown ??= bindParameters(this.bound.names, this.pathValues))
  }

  /**
   * An exchange for a request made in place of this one, as a cache makes when it revalidates: another request
   * with the same route, caller and connection.
   *
   * @param isDetached whether no client is waiting for it; then the connection is left alone.
   */
  inPlaceOf(request: IncomingRequest, isDetached: boolean): Exchange {
    const { world, nowMs, bound, path, query, pathValues, peer } = this
    const { scheme, extend } = this.connection
    const connection: Connection = {
      scheme,
      peerAddress: () => peer,
      ...(extend !== undefined &&
        !isDetached && {
          extend: (_request, timeoutMs) => this.connection.extend?.(this.request, timeoutMs),
        }),
    }
    const other = new Exchange(world, connection, request, nowMs, bound, path, query, pathValues)
    other.caller = this.caller
    other.addressKnown = this.address
    other.idKnown = this.id
    return other
  }
}

const UNSET: RareFacts = {
  bodyText: undefined,
  body: undefined,
  contentType: null,
  bodyChecked: false,
  rule: undefined,
  decision: undefined,
  responseHeaders: undefined,
  responseLines: undefined,
  release: undefined,
  notes: undefined,
  presumed: undefined,
  refusal: undefined,
}
Object.assign(Exchange.prototype, UNSET)
