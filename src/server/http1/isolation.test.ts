import { afterAll, beforeAll, expect, test } from 'bun:test'
import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check'
import { PlainAnswer } from '../../core/answer.ts'
import type { IncomingRequest } from '../../core/incoming-request.ts'
import type { Http1Listener } from './listener.ts'
import { openTestListener } from './listener.fixture.ts'
import { RawClient } from './raw-client.fixture.ts'

/** All connections share one buffer for what they write; nobody may ever see a byte of somebody else's. */
const KINDS = ['now', 'soon', 'later', 'stream', 'large', 'bug', 'unsendable'] as const
type Kind = (typeof KINDS)[number]

const LARGE = 200_000
let listener: Http1Listener

function answer(kind: Kind, id: string): PlainAnswer | Promise<PlainAnswer> {
  const plain = (body: PlainAnswer['body']): PlainAnswer =>
    new PlainAnswer(200, [['x-id', id]], body)
  switch (kind) {
    case 'now':
      return plain(id)
    case 'soon':
      return Promise.resolve(plain(id))
    case 'later':
      return Bun.sleep(1).then(() => plain(id))
    case 'stream':
      return plain(
        new ReadableStream({
          async start(controller) {
            for (const part of id) {
              controller.enqueue(Buffer.from(part))
              await Promise.resolve()
            }
            controller.close()
          },
        }),
      )
    case 'large':
      return plain(id.padEnd(LARGE, id))
    case 'bug':
      throw new Error('a bug')
    case 'unsendable':
      return new PlainAnswer(200, [['x-id', `${id}\r\nx: y`]], id)
    default:
      return kind satisfies never
  }
}

beforeAll(() => {
  listener = openTestListener({
    handle: (request: IncomingRequest) => {
      const [, kind, id] = request.target.split('/') as [string, Kind, string]
      return answer(kind, id)
    },
    onBug: () => new PlainAnswer(500, [], 'sorry'),
  })
})
afterAll(() => listener.drain(0))

const expected = (kind: Kind, id: string): string => {
  if (kind === 'bug' || kind === 'unsendable') return 'sorry'
  return kind === 'large' ? id.padEnd(LARGE, id) : id
}

/** The bodies of responses, whether they say their length or come in chunks. */
function bodiesOf(received: string): readonly string[] {
  const bodies: string[] = []
  for (let at = 0; at < received.length;) {
    const bodyAt = received.indexOf('\r\n\r\n', at) + 4
    const length = /content-length: (\d+)/.exec(received.slice(at, bodyAt))?.[1]
    if (length !== undefined) {
      at = bodyAt + Number(length)
      bodies.push(received.slice(bodyAt, at))
      continue
    }
    const end = received.indexOf('0\r\n\r\n', bodyAt)
    bodies.push(received.slice(bodyAt, end).replaceAll(/[0-9a-f]+\r\n(.+?)\r\n/gs, '$1'))
    at = end + 5
  }
  return bodies
}

test('every client gets its own answers, all of them, in order', async () => {
  const plans = array(array(constantFrom(...KINDS), { minLength: 1, maxLength: 8 }), {
    minLength: 2,
    maxLength: 12,
  })
  await assert(
    asyncProperty(plans, integer({ min: 1, max: 60 }), async (clients, cut) => {
      await Promise.all(
        clients.map(async (kinds, number) => {
          const ids = kinds.map((kind, at) => `${number}x${at}-${kind}`)
          const wire = kinds
            .map((kind, at) => {
              const close = at === kinds.length - 1 ? 'Connection: close\r\n' : ''
              return `GET /${kind}/${ids[at]!} HTTP/1.1\r\nHost: a\r\n${close}\r\n`
            })
            .join('')
          const client = await RawClient.open(listener.port)
          client.send(wire.slice(0, cut))
          await Bun.sleep(0)
          client.send(wire.slice(cut))
          const received = await client.ended()
          client.close()
          expect(bodiesOf(received)).toEqual(kinds.map((kind, at) => expected(kind, ids[at]!)))
        }),
      )
    }),
    { numRuns: 40 },
  )
}, 20_000)
