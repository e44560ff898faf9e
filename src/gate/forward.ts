import { clientScheme } from '../core/client-address.ts'
import { refuse } from '../core/refusal.ts'
import type { GateMetrics, Traces } from '../signals/index.ts'
import type { ForwardRequest, Upstream } from '../upstream/index.ts'
import { identityHeaders } from '../upstream/index.ts'
import type { RouteConfig } from './config/index.ts'
import type { Exchange } from './exchange.ts'
import { bodyOf, tooLarge } from './outgoing-body.ts'
import { bodyRefusal } from './read-body.ts'
import type { SocketGuards, SocketWatch } from './socket-watch.ts'
import { createSocketWatch } from './socket-watch.ts'
import type { StageBody, Step } from './stage.ts'
import { isAnswer } from './stage.ts'
import { joinWebSocket, wantsWebSocket } from './web-socket.ts'

/** How a route forwards. */
export interface ForwardOptions {
  readonly upstream: Upstream
  readonly route: RouteConfig
  readonly traces: Traces
  readonly metrics: GateMetrics
  readonly monotonicMs: () => number
  /** How long a request may be silent, where that is longer than the server's own idle timeout. */
  readonly silenceMs: number | undefined
  /** A streamed body that grows beyond this is cut off. */
  readonly bodyBytesMax: number
  /** Whether a peer is a trusted proxy in front of the gate. */
  readonly trustsPeer: (address: string) => boolean
  /** The checks that are repeated while a WebSocket is open. */
  readonly guards: SocketGuards
}

/** Asks the upstream: the last stage of a proxied route. It always answers or refuses. */
export function createForward(options: ForwardOptions): StageBody {
  const { upstream, route, metrics, monotonicMs, bodyBytesMax, silenceMs } = options
  const slot = metrics.upstreamSlot(upstream.name)
  const watch = createSocketWatch(options.guards)
  return {
    run(exchange) {
      const path = stripPrefix(exchange.path, route.stripPrefix)
      if (path === undefined) return refuse('route_unknown')
      if (exchange.notes !== undefined) return explainForward(exchange, upstream, path)
      if (route.webSocket && wantsWebSocket(exchange))
        return forwardSocket(exchange, path, options, slot, watch)
      if (silenceMs !== undefined) exchange.connection.extend?.(exchange.request, silenceMs)
      const startMs = monotonicMs()
      const body = bodyOf(exchange, bodyBytesMax)
      const held = exchange.release === undefined ? undefined : new Held(exchange.release)
      const request = describe(exchange, path + exchange.query, body.content, options)
      metrics.upstreamInFlight(slot, 1)
      return upstream
        .forward(held === undefined ? request : { ...request, onEnd: () => held.end() })
        .then((outcome) => {
          const isAnswered = isAnswer(outcome)
          metrics.upstreamInFlight(slot, -1)
          metrics.upstreamRequest(
            slot,
            isAnswered ? outcome.status : 0,
            (monotonicMs() - startMs) * 1e6,
          )
          if (body.isTooLarge()) {
            if (isAnswered && outcome.body instanceof ReadableStream) void outcome.body.cancel()
            return tooLarge(bodyBytesMax)
          }
          const { bodyFailure } = exchange.request
          if (!isAnswered && bodyFailure !== undefined) return bodyRefusal(bodyFailure)
          if (isAnswered && held?.handOver() === true) exchange.release = undefined
          return outcome
        })
    },
  }
}

/** Keeps what the exchange holds (a place within a concurrency limit) until the answer's body has ended. */
class Held {
  readonly #release: () => void
  #isEnded = false
  #isHandedOver = false

  constructor(release: () => void) {
    this.#release = release
  }

  /** The last byte has passed. */
  end(): void {
    this.#isEnded = true
    if (this.#isHandedOver) this.#release()
  }

  /** Takes over the release from the exit; `false` when the body is already complete, so that the exit does it. */
  handOver(): boolean {
    this.#isHandedOver = !this.#isEnded
    return this.#isHandedOver
  }
}

function forwardSocket(
  exchange: Exchange,
  path: string,
  options: ForwardOptions,
  slot: number,
  watch: SocketWatch,
): Promise<Step> {
  const { upstream, metrics, monotonicMs } = options
  const startMs = monotonicMs()
  metrics.upstreamInFlight(slot, 1)
  return joinWebSocket(
    exchange,
    upstream,
    describe(exchange, path + exchange.query, null, options),
    {
      onAnswer: (status) => metrics.upstreamRequest(slot, status, (monotonicMs() - startMs) * 1e6),
      onEnd: () => metrics.upstreamInFlight(slot, -1),
      watch,
    },
  )
}

function explainForward(exchange: Exchange, upstream: Upstream, path: string): undefined {
  exchange.rule = `would ask ${upstream.name} for ${path}`
  return undefined
}

/** The path without the prefix; `undefined` when it does not begin with it. */
function stripPrefix(path: string, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return path
  if (path === prefix) return '/'
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined
}

/**
 * The request as the upstream is to see it. Forwarding changes the headers in place, so everything that is
 * needed from them is read here first.
 */
function describe(
  exchange: Exchange,
  path: string,
  body: ForwardRequest['body'],
  options: ForwardOptions,
): ForwardRequest {
  const { request, connection, peer } = exchange
  const { headers } = request
  const trusted = options.trustsPeer(peer)
  const trace = options.traces.begin(headers.get('traceparent'), headers.get('tracestate'))
  return {
    method: exchange.method,
    path,
    headers,
    body,
    clientAddress: exchange.address,
    peerAddress: trusted ? peer : undefined,
    scheme: trusted ? clientScheme(headers, connection.scheme) : connection.scheme,
    host: headers.get('host') ?? '',
    requestId: exchange.requestId,
    traceparent: trace.traceparent,
    tracestate: trace.tracestate,
    identity: identityHeaders(exchange.caller),
    client: request,
    ...traitsOf(options.route),
  }
}

type Traits = Pick<ForwardRequest, 'isPublic' | 'isCached' | 'timeouts'>

const traits = new WeakMap<RouteConfig, Traits>()

/** What all requests of a route have in common, worked out once. */
function traitsOf(route: RouteConfig): Traits {
  const known = traits.get(route)
  if (known !== undefined) return known
  const { credentials, cache, timeout } = route
  const made = {
    isPublic: credentials.every((kind) => kind === 'anonymous'),
    isCached: cache !== undefined,
    timeouts: timeout === undefined ? undefined : { totalMs: timeout },
  }
  traits.set(route, made)
  return made
}
