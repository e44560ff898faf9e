import { expect, test } from 'bun:test'
import { createManualClock } from '../../core/clock.ts'
import { createLogger, createSparse } from '../../signals/index.ts'
import type { UpstreamEvent } from '../../upstream/index.ts'
import { observeUpstreams } from './observe-upstreams.ts'

test('an upstream that is down fills no log: what comes with each request has a line a second, and says of how many', () => {
  const clock = createManualClock()
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    clock,
    sink: {
      write(text) {
        for (const line of text.trim().split('\n')) lines.push(JSON.parse(line))
      },
    },
  })
  const observe = observeUpstreams(logger, createSparse(clock))
  const failed = {
    upstream: 'app',
    kind: 'attempt_failed',
    requestId: 'first',
    target: 'http://127.0.0.1:1',
    failure: 'connect',
    cause: 'ECONNREFUSED',
    final: true,
  } satisfies UpstreamEvent
  for (let at = 0; at < 10_000; at++) {
    observe(at === 0 ? failed : { ...failed, requestId: `later-${at}` })
  }
  observe({ ...failed, target: 'http://127.0.0.1:2' })
  clock.advance(1000)
  observe(failed)
  logger.flush()
  expect(lines.map(({ target, leftOut, requestId }) => [target, leftOut, requestId])).toEqual([
    ['http://127.0.0.1:1', undefined, 'first'],
    ['http://127.0.0.1:2', undefined, 'first'],
    ['http://127.0.0.1:1', 9999, 'first'],
  ])
  lines.length = 0
  // Each of these is news.
  for (const state of ['open', 'half-open', 'open'] as const) {
    observe({ upstream: 'app', kind: 'breaker', target: 'http://127.0.0.1:1', state })
  }
  logger.flush()
  expect(lines.map(({ state }) => state)).toEqual(['open', 'half-open', 'open'])
})
