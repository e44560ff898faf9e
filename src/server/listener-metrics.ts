import type { Counter, Metrics } from '../signals/index.ts'
import type { Http1Listener, Rejection, RejectionReason } from './http1/index.ts'

/** Declares metrics that show how busy a listener is. */
export function declareListenerMetrics(
  metrics: Metrics,
  listener: Pick<Http1Listener, 'requestsInFlight' | 'openConnections' | 'bodiesHeldBytes'>,
): void {
  const inFlight = metrics.gauge({
    name: 'tollgate_http_server_requests_in_flight',
    help: 'Requests that have come and are not answered completely.',
  })
  const open = metrics.gauge({
    name: 'tollgate_http_server_connections_open',
    help: 'Connections of clients that are open.',
  })
  const held = metrics.gauge({
    name: 'tollgate_http_server_bodies_held_bytes',
    help: 'Bytes of request bodies that are held in memory.',
  })
  const slots = [inFlight.slot(), open.slot(), held.slot()] as const
  metrics.beforeSnapshot(() => {
    inFlight.set(slots[0], listener.requestsInFlight)
    open.set(slots[1], listener.openConnections)
    held.set(slots[2], listener.bodiesHeldBytes)
  })
}

/** More than the number of reasons. */
const REASONS_MAX = 32

/** Counts what a listener itself turned away, by reason. */
export function countRejections(metrics: Metrics): (rejection: Rejection) => void {
  const turnedAway = metrics.counter({
    name: 'tollgate_http_server_turned_away_total',
    help: 'Requests answered 503 because listen.requestsMax were in flight.',
  })
  const homeless = metrics.counter({
    name: 'tollgate_http_server_bodies_refused_total',
    help: 'Requests whose bodies found no room within listen.bodiesHeldMax.',
  })
  const refused = metrics.counter({
    name: 'tollgate_http_server_connections_refused_total',
    help: 'Connections closed at once because listen.connectionsMax or connectionsPerAddressMax were open.',
  })
  const unreadable = metrics.counter({
    name: 'tollgate_http_server_unreadable_total',
    help: 'Requests refused because they were no sound HTTP/1.1 messages, too large or too slow.',
    labels: ['reason'],
    slotsMax: REASONS_MAX,
  })
  const handshakes = metrics.counter({
    name: 'tollgate_http_server_handshakes_failed_total',
    help: 'TLS handshakes that failed: no common ground, no good client certificate, or the client left.',
    labels: ['reason'],
    slotsMax: REASONS_MAX,
  })
  const countHandshake = (reason: string) => () => handshakes.add(handshakes.slot(reason), 1)
  const others: Partial<Record<RejectionReason, () => void>> = {
    requests_max: counting(turnedAway),
    bodies_held_max: counting(homeless),
    connections_max: counting(refused),
    tls_handshake: countHandshake('protocol'),
    tls_certificate: countHandshake('certificate'),
    tls_abandoned: countHandshake('abandoned'),
  }
  return ({ reason }) => {
    const count = others[reason]
    if (count === undefined) unreadable.add(unreadable.slot(reason), 1)
    else count()
  }
}

function counting(counter: Counter): () => void {
  const slot = counter.slot()
  return () => counter.add(slot, 1)
}
