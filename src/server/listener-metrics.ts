import type { Metrics } from '../signals/index.ts'
import type { Listener } from './listener.ts'

/** Shows how busy a listener is, and whom it had to turn away. */
export function declareListenerMetrics(
  metrics: Metrics,
  listener: Pick<Listener, 'requestsInFlight' | 'turnedAway'>,
): void {
  const inFlight = metrics.gauge({
    name: 'tollgate_http_server_requests_in_flight',
    help: 'Requests that have come and are not answered completely.',
  })
  const turnedAway = metrics.counter({
    name: 'tollgate_http_server_turned_away_total',
    help: 'Requests answered 503 because listen.requestsMax were in flight.',
  })
  const [busy, away] = [inFlight.slot(), turnedAway.slot()]
  metrics.beforeSnapshot(() => {
    inFlight.set(busy, listener.requestsInFlight)
    turnedAway.set(away, listener.turnedAway)
  })
}
