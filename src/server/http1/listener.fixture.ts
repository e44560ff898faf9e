import { afterEach } from 'bun:test'
import type { Answer } from '../../core/answer.ts'
import { PlainAnswer } from '../../core/answer.ts'
import type { Http1Listener } from './listener.ts'
import { openHttp1Listener } from './listener.ts'
import type { Http1ListenerOptions } from './options.ts'

/** A listener with the settings that most tests need. */
export function openTestListener(options: Partial<Http1ListenerOptions> = {}): Http1Listener {
  return openHttp1Listener({
    hostname: '127.0.0.1',
    port: 0,
    bodyBytesMax: 1_048_576,
    idleTimeoutMs: 60_000,
    requestsMax: 1000,
    reusePort: false,
    handle: (request) => text(`${request.method} ${request.target}`),
    onBug: () => new PlainAnswer(500, [], 'a bug'),
    ...options,
  })
}

/** A plain answer with text. */
export const text = (body: string, status = 200): Answer =>
  new PlainAnswer(status, [['content-type', 'text/plain']], body)

/** Provides each test of a file with a listener, which is closed after the test. */
export function useListener(defaults: Partial<Http1ListenerOptions> = {}): {
  /** Opens one; returns its port. */
  listen(options?: Partial<Http1ListenerOptions>): number
  readonly opened: Http1Listener
} {
  let opened: Http1Listener | undefined
  afterEach(async () => {
    await opened?.drain(0)
    opened = undefined
  })
  return {
    listen(options) {
      opened = openTestListener({ ...defaults, ...options })
      return opened.port
    },
    get opened() {
      if (opened === undefined) throw new Error('no listener has been opened')
      return opened
    },
  }
}

/** A request for `target`. */
export const get = (target: string, fields = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`

/** The field that announces that no more requests follow. */
export const CLOSE = 'Connection: close\r\n'
