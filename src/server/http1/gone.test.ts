import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import { useListener } from './listener.fixture.ts'
import { RawClient } from './raw-client.fixture.ts'

const listeners = useListener({ bodyBytesMax: 1e9 })

/** Holds the first request until its client is gone; resolves with it. */
function holding(read: (request: IncomingRequest) => void): Promise<IncomingRequest> {
  const { promise, resolve } = Promise.withResolvers<IncomingRequest>()
  let isFirst = true
  listeners.listen({
    handle: async (request) => {
      if (!isFirst) return new PlainAnswer(204, [], null)
      isFirst = false
      read(request)
      resolve(request)
      await new Promise((gone) => request.signal.addEventListener('abort', gone))
      return new PlainAnswer(204, [], null)
    },
  })
  return promise
}

/** Resolves when the listener reads no more of what the client has sent, or has read it all. */
async function settled({ socket }: RawClient): Promise<void> {
  let before = -1
  while (socket.bytesWritten - socket.writableLength !== before) {
    before = socket.bytesWritten - socket.writableLength
    await Bun.sleep(20)
  }
}

const UPLOAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const nothing = (): void => {}

/** In each the listener stops reading; `again` is sent then. */
const WAITING: readonly (readonly [string, string, string, (request: IncomingRequest) => void])[] =
  [
    ['pipelined beyond measure', GET.repeat(3000), '', nothing],
    ['pipelined on and on', GET.repeat(3000), GET.repeat(1000), nothing],
    ['sent a body that nobody has asked for', UPLOAD + 'x'.repeat(90_000), '', nothing],
    [
      'sent a body that nobody reads on',
      UPLOAD + 'x'.repeat(90_000),
      'x'.repeat(50_000),
      (request) => void request.body,
    ],
  ]

/** Far beyond what it takes, so that a busy machine changes nothing. */
const NOTICED_MS = 10_000

describe.each([
  ['resets', (client: RawClient) => client.socket.resetAndDestroy()],
  ['closes', (client: RawClient) => client.close()],
  ['half closes', (client: RawClient) => client.socket.end()],
] as const)('a client that %s its connection', (_how, leave) => {
  test.each(WAITING)(
    'after it %s is noticed',
    async (_what, first, again, read) => {
      const requested = holding(read)
      const client = await RawClient.open(listeners.opened.port)
      client.send(first)
      const request = await requested
      await settled(client)
      client.send(again)
      await settled(client)
      leave(client)
      const gone = new Promise((resolve) => request.signal.addEventListener('abort', resolve))
      await Promise.race([gone, Bun.sleep(NOTICED_MS)])
      expect(request.isGone).toBe(true)
      while (listeners.opened.requestsInFlight > 0) await Bun.sleep(1)
      client.close()
    },
    2 * NOTICED_MS,
  )
})
