import type { Caller } from '../core/caller.ts'
import { anonymousCaller } from '../core/caller.ts'
import type { IncomingRequest } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import type { RequestId } from '../signals/index.ts'
import type { WebSocketBridge } from '../upstream/index.ts'
import type { Route } from './route.ts'
import type { Bound, PathParameters } from './routing/router.ts'
import { bindParameters } from './routing/router.ts'

/** What the server knows of the connection that a request came by. */
export interface Connection {
  readonly scheme: 'http' | 'https'
  /** The address of the peer as the socket reports it: a system call, made only when needed. */
  peerAddress(request: IncomingRequest): string
  /** Lets a request be silent for longer than the server's idle timeout; absent where there is none. */
  extend?(request: IncomingRequest, timeoutMs: number): void
  /**
   * Takes the connection over for a WebSocket; `false` when it cannot be. The answer is sent then, and
   * what the gate returns is not looked at. Absent where there are no WebSockets.
   */
  upgrade?(
    request: IncomingRequest,
    socket: WebSocketBridge,
    headers: Readonly<Record<string, string>>,
  ): boolean
}

/** One line of an explanation: what a layer decided, by which rule, and how long it took. */
export interface Note {
  readonly layer: string
  readonly verdict: 'pass' | 'refuse' | 'answer'
  readonly rule: string | undefined
  readonly durationNs: number
}

/** What exchanges ask of the gate they travel through. */
export interface ExchangeWorld {
  clientAddress(request: IncomingRequest, peer: string): string
  /** The peer is asked for only where it matters. */
  requestId(exchange: Pick<Exchange, 'request' | 'peer'>): RequestId
}

/** What few exchanges have, and what exchanges with a body have. */
interface RareFacts {
  /** The body as text and as JSON, once they have been read. */
  bodyText: string | undefined
  body: unknown
  /** The content type of the body, once it has been asked for. */
  contentType: string | null
  /** Whether {@link Exchange.body} has been parsed and found good. */
  bodyChecked: boolean
  /** The rule that the running stage decided by, for explanations and the audit log. */
  rule: string | undefined
  /** What a policy decided, for the audit log. */
  decision: string | undefined
  /** Response headers that stages ask for, such as RateLimit. */
  responseHeaders: Readonly<Record<string, string>> | undefined
  /** The same as lines, each with its CRLF, where a stage that vouches for them has made them. */
  responseLines: string | undefined
  /** Gives back what is held while the request runs; the exit calls it once. */
  release: (() => void) | undefined
  /** Present when the exchange is only explained: then nothing is taken, sent or recorded. */
  notes: Note[] | undefined
  /** Who an explanation is for, in place of the credential presented. */
  presumed: Caller | undefined
  refusal: Refusal | undefined
}

/**
 * What travels through the gate: one request and all that becomes known of it. Created once, never
 * copied: stages write what they find out, and the record at the exit reads it.
 *
 * Costly facts (address, request id, parameters) are worked out when first asked for. What is rare is no field
 * until it is set, because the memory of one exchange after the other is a good part of what a request costs.
 */
export class Exchange implements RareFacts {
  readonly world: ExchangeWorld
  readonly connection: Connection
  readonly request: IncomingRequest
  /** Wall clock at arrival, milliseconds since the epoch. */
  readonly nowMs: number
  /** What method and path have led to. */
  readonly bound: Bound<Route>
  /** Canonical path, without query. */
  readonly path: string
  /** The query as it came, with its `?`; empty when there is none. */
  readonly query: string
  readonly pathValues: readonly string[]

  caller: Caller = anonymousCaller
  /** The position in the route of the stage that runs, or that ended the exchange. */
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
   * An exchange for a request that is made in this one's place, such as a cache's: the same route, caller
   * and connection, another request.
   *
   * @param isDetached nobody waits for it, so that it does without the connection.
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
