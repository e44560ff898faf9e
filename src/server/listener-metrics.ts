import type { Metrics } from '../signals/index.ts'
import type { Http1Listener, UnreadableReason } from './http1/index.ts'

/** What a listener tells of itself. */
export type ListenerFigures = Pick<
  Http1Listener,
  'requestsInFlight' | 'turnedAway' | 'openConnections' | 'connectionsRefused'
>

/** Shows how busy a listener is, and whom it had to turn away. */
export function declareListenerMetrics(metrics: Metrics, listener: ListenerFigures): void {
  const inFlight = metrics.gauge({
    name: 'tollgate_http_server_requests_in_flight',
    help: 'Requests that have come and are not answered completely.',
  })
  const turnedAway = metrics.counter({
    name: 'tollgate_http_server_turned_away_total',
    help: 'Requests answered 503 because listen.requestsMax were in flight.',
  })
  const open = metrics.gauge({
    name: 'tollgate_http_server_connections_open',
    help: 'Connections of clients that are open.',
  })
  const refused = metrics.counter({
    name: 'tollgate_http_server_connections_refused_total',
    help: 'Connections closed at once because listen.connectionsMax or connectionsPerAddressMax were open.',
  })
  const slots = [inFlight.slot(), turnedAway.slot(), open.slot(), refused.slot()] as const
  metrics.beforeSnapshot(() => {
    inFlight.set(slots[0], listener.requestsInFlight)
    turnedAway.set(slots[1], listener.turnedAway)
    open.set(slots[2], listener.openConnections)
    refused.set(slots[3], listener.connectionsRefused)
  })
}

/** More than there are reasons. */
const REASONS_MAX = 32

/** Counts requests that could not be read, by why. */
export function countUnreadable(
  metrics: Metrics,
): (address: string, status: number, reason: UnreadableReason) => void {
  const unreadable = metrics.counter({
    name: 'tollgate_http_server_unreadable_total',
    help: 'Requests refused because they were no sound HTTP/1.1 messages, too large or too slow.',
    labels: ['reason'],
    slotsMax: REASONS_MAX,
  })
  return (_address, _status, reason) => unreadable.add(unreadable.slot(reason), 1)
}
