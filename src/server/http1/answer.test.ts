import { describe, expect, test } from 'bun:test'
import { PlainAnswer } from '../../core/answer.ts'
import { CLOSE, get, text, useListener } from './listener.fixture.ts'
import { RawClient, bodyOf, exchange, statusesOf } from './raw-client.fixture.ts'

const listeners = useListener()

describe('an answer', () => {
  test('is written with its length and a date, and the connection is kept', async () => {
    const port = listeners.listen({ handle: () => new PlainAnswer(201, [['x-a', 'b']], 'ö') })
    const client = await RawClient.open(port)
    client.send(get('/'))
    const received = await client.until((all) => all.endsWith('\xc3\xb6'))
    expect(received).toMatch(
      /^HTTP\/1\.1 201 Created\r\nx-a: b\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\ncontent-length: 2\r\n\r\n/,
    )
    client.send(get('/'))
    await client.until((all) => statusesOf(all).length === 2)
    client.close()
  })

  test('may be bytes, text, nothing, a stream or a response of the web', async () => {
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start(controller) {
          for (const part of ['a', '', 'b']) controller.enqueue(Buffer.from(part))
          controller.close()
        },
      })
    const answers: Readonly<Record<string, () => PlainAnswer | Response>> = {
      '/bytes': () => new PlainAnswer(200, [], Buffer.from('ab')),
      '/text': () => new PlainAnswer(200, [], 'ab'),
      '/stream': () => new PlainAnswer(200, [], stream()),
      '/long': () => new PlainAnswer(200, [['content-length', '2']], stream()),
      '/web': () => new Response('ab', { headers: { 'x-a': 'b' } }),
      '/web-stream': () => new Response(stream()),
    }
    const port = listeners.listen({ handle: (request) => answers[request.target]!() })
    for (const target of Object.keys(answers)) {
      const received = await exchange(port, get(target, CLOSE))
      expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      const isChunked = /transfer-encoding: chunked/.test(received)
      expect(/content-length: 2\r\n/.test(received)).toBe(!isChunked)
      expect(bodyOf(received)).toBe(isChunked ? '1\r\na\r\n1\r\nb\r\n0\r\n\r\n' : 'ab')
    }
  })

  test('of one part learns its length though nobody said it', async () => {
    const port = listeners.listen({ handle: () => new Response('ab') })
    expect(await exchange(port, get('/', CLOSE))).toContain('content-length: 2\r\n')
  })

  test('has its own Date when it brings one, and no second length', async () => {
    const fields = [
      ['date', 'then'],
      ['Content-Length', '99'],
      ['content-length', '99'],
      ['connection', 'x'],
      ['transfer-encoding', 'gzip'],
    ] as const
    const port = listeners.listen({ handle: () => new PlainAnswer(200, fields.slice(0), 'ab') })
    const received = await exchange(port, get('/', CLOSE))
    expect(received.match(/^date: .*/gm)).toEqual(['date: then'])
    expect(received.match(/^content-length: .*/gim)).toEqual(['content-length: 2'])
    expect(received.match(/^connection: .*/gim)).toEqual(['connection: close'])
    expect(received).not.toContain('gzip')
  })

  test('to HEAD has the head that GET would get, and no body', async () => {
    const port = listeners.listen({
      handle: ({ target }) => {
        if (target === '/text') return new PlainAnswer(200, [], 'abc')
        if (target === '/said') return new PlainAnswer(200, [['content-length', '7']], null)
        return new PlainAnswer(200, [], null)
      },
    })
    const head = async (target: string): Promise<string> =>
      exchange(port, `HEAD ${target} HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`)
    expect(await head('/text')).toMatch(
      /content-length: 3\r\n.*\r\n\r\n$|content-length: 3\r\n\r\n$/s,
    )
    expect(bodyOf(await head('/text'))).toBe('')
    expect(await head('/said')).toContain('content-length: 7\r\n')
    expect(await head('/unsaid')).not.toContain('content-length')
  })

  test('of 204 and 304 has no body, and 204 no length (RFC 9110 §8.6)', async () => {
    const port = listeners.listen({
      handle: ({ target }) =>
        new PlainAnswer(Number(target.slice(1)), [['content-length', '5']], 'abc'),
    })
    const none = await exchange(port, get('/204', CLOSE))
    expect([bodyOf(none), none.includes('content-length')]).toEqual(['', false])
    const same = await exchange(port, get('/304', CLOSE))
    expect([bodyOf(same), same.includes('content-length: 5')]).toEqual(['', true])
  })

  test('that cannot be sent in one way only is a bug, and never splits', async () => {
    const bugs: unknown[] = []
    const port = listeners.listen({
      handle: () => new PlainAnswer(200, [['x-a', 'b\u010aset-cookie: c']], 'ab'),
      onBug: (error) => {
        bugs.push(error)
        return text('sorry', 500)
      },
    })
    const received = await exchange(port, get('/', CLOSE))
    expect(received).toMatch(/^HTTP\/1\.1 500 .*sorry$/s)
    expect(received).not.toContain('set-cookie')
    expect(bugs).toHaveLength(1)
  })

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('inside')
      },
    ],
    [
      'rejects',
      async (): Promise<never> => {
        throw new Error('inside')
      },
    ],
  ])('is that of a bug when the handler %s, which tells nothing', async (_name, handle) => {
    const bugs: unknown[] = []
    const port = listeners.listen({
      handle: (): never | Promise<never> => handle(),
      onBug: (error) => {
        bugs.push(error)
        return text('sorry', 500)
      },
    })
    const received = await exchange(port, get('/', CLOSE))
    expect(received).toMatch(/^HTTP\/1\.1 500 .*sorry$/s)
    expect(received).not.toContain('inside')
    expect(bugs).toHaveLength(1)
  })

  test('that is shorter or longer than it said cuts the connection', async () => {
    const port = listeners.listen({
      handle: ({ target }) =>
        new PlainAnswer(
          200,
          [['content-length', target.slice(1)]],
          new ReadableStream({
            start(controller) {
              controller.enqueue(Buffer.from('abc'))
              controller.close()
            },
          }),
        ),
    })
    for (const length of ['2', '4']) {
      const client = await RawClient.open(port)
      client.send(get(`/${length}`))
      await client.ended()
      expect(client.isReset).toBe(true)
      expect(bodyOf(client.received).length).toBeLessThan(4)
    }
    expect(bodyOf(await exchange(port, get('/3', CLOSE)))).toBe('abc')
  })

  test('whose stream fails cuts the connection, so that the client does not take it for whole', async () => {
    const port = listeners.listen({
      handle: () =>
        new PlainAnswer(
          200,
          [],
          new ReadableStream({
            async pull(controller) {
              await Bun.sleep(5)
              controller.enqueue(Buffer.from('abc'))
              await Bun.sleep(5)
              controller.error(new Error('gone'))
            },
          }),
        ),
    })
    const client = await RawClient.open(port)
    client.send(get('/'))
    const received = await client.ended()
    expect(received).not.toContain('0\r\n\r\n')
    expect(client.isReset).toBe(true)
  })
})
