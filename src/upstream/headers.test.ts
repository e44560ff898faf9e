import { afterEach, describe, expect, test } from 'bun:test'
import { anonymousCaller, newCaller } from '../core/caller.ts'
import { isRefusal } from './forward-request.ts'
import type { ForwardRequest } from './forward-request.ts'
import { identityHeaders } from './identity-headers.ts'
import type { UpstreamConfigInput } from './config.ts'
import { answered, answerWith, forwardRequest, openUpstream, serveHeads } from './test-kit.ts'

const open: { stop(): unknown }[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.stop()
})

/** The head an upstream receives, as a map from lowercase name to all its values. */
async function sent(
  headers: [string, string][],
  config: Partial<UpstreamConfigInput> = {},
  more: Partial<ForwardRequest> = {},
): Promise<Map<string, string[]>> {
  const origin = await serveHeads(() => answerWith('ok'))
  open.push(origin)
  const { upstream } = openUpstream({ targets: [origin.url], ...config })
  const outcome = await upstream.forward(forwardRequest({ headers: new Headers(headers), ...more }))
  if (isRefusal(outcome)) throw new Error(`${outcome.code} ${outcome.internal}`)
  const received = new Map<string, string[]>()
  for (const line of (origin.heads[0] ?? '').split('\r\n').slice(1, -1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    received.set(name, [...(received.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  received.set('host-is-target', [String(received.get('host')?.[0] === origin.url.slice(7))])
  return received
}

/** The response an upstream's head becomes. */
async function received(
  head: string,
  config: Partial<UpstreamConfigInput> = {},
): Promise<Response> {
  const origin = await serveHeads(() =>
    answerWith(
      'ok',
      head.replaceAll('$ORIGIN', origin.url).replaceAll('$AUTHORITY', origin.url.slice(5)),
    ),
  )
  open.push(origin)
  const { upstream } = openUpstream({ targets: [origin.url], ...config })
  return answered(await upstream.forward(forwardRequest()))
}

const caller = newCaller({
  ...anonymousCaller,
  kind: 'key',
  id: 'key_1',
  tenantId: 'ten_1',
  userId: 'usr_1',
  roles: ['admin', 'viewer'],
})

describe('headers that a client sends never reach the upstream when they', () => {
  test.each([
    'x-tollgate-caller',
    'X-Tollgate-Tenant',
    'X-TOLLGATE-ROLES',
    'x_tollgate_user',
    'X-Tollgate_Roles',
    'x.tollgate.tenant',
    'x-tollgate-anything',
    'x-forwarded-for',
    'X-Forwarded-Host',
    'X_Forwarded_For',
    'x-forwarded-prefix',
    'forwarded',
    'via',
    'x-real-ip',
    'x-original-url',
    'x-rewrite-url',
    'x-http-method-override',
    'proxy',
    'CF-Connecting-IP',
    'Fastly-Client-IP',
    'X-Azure-ClientIP',
    'WL-Proxy-Client-IP',
    'X_ProxyUser_Ip',
    'x-host',
    'x-scheme',
    'front-end-https',
    'x-envoy-original-path',
    'SCRIPT_NAME',
    'Script-Name',
    'PATH_INFO',
    'X-Script-Name',
    'Forwarded-For',
    'HTTP_X_FORWARDED_FOR',
    'Proxy-Client-IP',
    'Fly-Client-IP',
    'X-Remote-Addr',
    'X-Originating-IP',
  ])('belong to the gate: %s', async (name) => {
    const got = await sent([[name, 'forged']], {}, { identity: identityHeaders(caller) })
    expect(JSON.stringify([...got])).not.toContain('forged')
  })

  test.each(['authorization', 'X-Api-Key', 'x_api_key', 'Cookie'])(
    'are credentials: %s',
    async (name) => {
      expect(JSON.stringify([...(await sent([[name, 'secret']]))])).not.toContain('secret')
    },
  )

  test.each([
    ['keep-alive', 'timeout=5'],
    ['te', 'trailers'],
    ['trailer', 'x-checksum'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'AAMAAABk'],
    ['proxy-connection', 'keep-alive'],
    ['proxy-authorization', 'Basic eDp5'],
    ['expect', '100-continue'],
  ])('belong to one connection: %s', async (name, value) => {
    expect((await sent([[name, value]])).has(name)).toBe(false)
  })

  test.each(['Content_Type', 'accept.language', 'If_None_Match', 'X_World', 'x~world'])(
    'are read by others like one that was judged: %s',
    async (name) => {
      const origin = await serveHeads(() => answerWith('ok'))
      open.push(origin)
      const headers = new Headers([
        [name, 'other'],
        ['x-world', 'judged'],
        ['x_own', '1'],
        ['api_key', '2'],
      ])
      const judgedHeaders = ['x-world', 'api_key', 'api-key']
      const { upstream } = openUpstream({ targets: [origin.url] }, undefined, judgedHeaders)
      await upstream.forward(forwardRequest({ headers }))
      expect(origin.heads[0]).not.toContain('other')
      expect(origin.heads[0]).toContain('x-world: judged\r\n')
      // Nobody has judged by the one; the other is what was judged.
      expect(origin.heads[0]).toContain('x_own: 1\r\n')
      expect(origin.heads[0]).toContain('api_key: 2\r\n')
    },
  )

  test('are listed in Connection', async () => {
    const got = await sent([
      ['connection', 'close, X-Hop, x-tollgate-caller, host, content-type'],
      ['x-hop', '1'],
      ['x-stays', '1'],
      ['content-type', 'text/plain'],
    ])
    expect(got.has('x-hop')).toBe(false)
    expect(got.get('x-stays')).toEqual(['1'])
    expect(got.get('content-type')).toEqual(['text/plain'])
    expect(got.get('host-is-target')).toEqual(['true'])
  })
})

describe('the upstream learns from the gate', () => {
  test('who calls', async () => {
    const got = await sent(
      [['x-tollgate-caller', 'root']],
      {},
      { identity: identityHeaders(caller) },
    )
    expect(got.get('x-tollgate-caller')).toEqual(['key_1'])
    expect(got.get('x-tollgate-tenant')).toEqual(['ten_1'])
    expect(got.get('x-tollgate-user')).toEqual(['usr_1'])
    expect(got.get('x-tollgate-roles')).toEqual(['admin,viewer'])
  })

  test('nothing about the caller where identity is off', async () => {
    const got = await sent([], { identity: false }, { identity: identityHeaders(caller) })
    expect([...got.keys()].filter((name) => name.startsWith('x-tollgate'))).toEqual([])
  })

  test('who the client is, which way it came and by which request id', async () => {
    const got = await sent([], {}, { peerAddress: '10.0.0.2', host: 'api.example.com:8443' })
    expect(got.get('x-forwarded-for')).toEqual(['198.51.100.7, 10.0.0.2'])
    expect(got.get('x-forwarded-proto')).toEqual(['https'])
    expect(got.get('x-forwarded-host')).toEqual(['api.example.com:8443'])
    expect(got.get('x-forwarded-port')).toEqual(['8443'])
    expect(got.get('forwarded')).toEqual([
      'for=198.51.100.7;host="api.example.com:8443";proto=https, for=10.0.0.2',
    ])
    expect(got.get('x-request-id')).toEqual(['req_test'])
  })

  test('of each request its own way, whichever way the same client came before', async () => {
    const origin = await serveHeads(() => answerWith('ok'))
    open.push(origin)
    const { upstream } = openUpstream({ targets: [origin.url] })
    const ways: Partial<ForwardRequest>[] = [
      { host: 'a.example' },
      { host: 'b.example' },
      { host: 'b.example', scheme: 'http' },
      { host: 'b.example', scheme: 'http', peerAddress: '10.0.0.2' },
      { host: 'b.example', scheme: 'http', clientAddress: '198.51.100.8' },
      { host: 'a.example', identity: identityHeaders(caller) },
      { host: 'a.example', identity: identityHeaders(newCaller({ ...caller, id: 'key_2' })) },
    ]
    for (const way of [...ways, ...ways]) answered(await upstream.forward(forwardRequest(way)))
    const told = origin.heads.map((head) => [
      /^forwarded: (.*)\r$/m.exec(head)?.[1],
      /^x-tollgate-caller: (.*)\r$/m.exec(head)?.[1],
    ])
    const expected = [
      ['for=198.51.100.7;host=a.example;proto=https', undefined],
      ['for=198.51.100.7;host=b.example;proto=https', undefined],
      ['for=198.51.100.7;host=b.example;proto=http', undefined],
      ['for=198.51.100.7;host=b.example;proto=http, for=10.0.0.2', undefined],
      ['for=198.51.100.8;host=b.example;proto=http', undefined],
      ['for=198.51.100.7;host=a.example;proto=https', 'key_1'],
      ['for=198.51.100.7;host=a.example;proto=https', 'key_2'],
    ]
    expect(told).toEqual([...expected, ...expected])
  })

  test.each([
    ['host', 'a\r\nx: y'],
    ['requestId', 'a\nb'],
    ['clientAddress', 'a\u010a'],
    ['identity', { 'x-tollgate-caller': 'a\r\nb: c' }],
  ])('nothing at all when %s would break out of its line', async (name, value) => {
    const origin = await serveHeads(() => answerWith('ok'))
    open.push(origin)
    const { upstream } = openUpstream({ targets: [origin.url], breaker: false })
    const outcome = await upstream.forward(forwardRequest({ [name]: value }))
    expect(outcome).toMatchObject({ code: 'upstream_failed' })
    expect(origin.heads).toEqual([])
  })

  test('IPv6 clients in the form of RFC 7239', async () => {
    const got = await sent([], {}, { clientAddress: '2001:db8::1' })
    expect(got.get('forwarded')?.[0]).toStartWith('for="[2001:db8::1]";')
    expect(got.get('x-forwarded-for')).toEqual(['2001:db8::1'])
  })

  test('its own host, or the client’s where that is preserved', async () => {
    expect((await sent([['host', 'evil']])).get('host-is-target')).toEqual(['true'])
    expect((await sent([['host', 'evil']], { preserveHost: true })).get('host')).toEqual([
      'api.example.com',
    ])
  })

  test('the trace and the via it is told to add', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const got = await sent([['traceparent', 'forged']], { via: 'tollgate' }, { traceparent })
    expect(got.get('traceparent')).toEqual([traceparent])
    expect(got.get('via')).toEqual(['1.1 tollgate'])
  })

  test('what vendors wrote of a trace goes with that trace alone', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const sentByClient: [string, string][] = [
      ['traceparent', 'forged'],
      ['tracestate', 'forged=1'],
    ]
    const begun = await sent(sentByClient, {}, { traceparent, tracestate: '' })
    expect(begun.get('tracestate')).toBeUndefined()
    const continued = await sent(sentByClient, {}, { traceparent, tracestate: 'a=1,b=2' })
    expect(continued.get('tracestate')).toEqual(['a=1,b=2'])
    expect((await sent([['tracestate', 'a=1']])).get('tracestate')).toEqual(['a=1'])
  })

  test('credentials only where they are passed on purpose', async () => {
    const headers: [string, string][] = [
      ['authorization', 'Bearer x'],
      ['cookie', 'a=b'],
    ]
    expect((await sent(headers, { passCredentials: true })).get('cookie')).toEqual(['a=b'])
    const some = await sent(headers, { passCredentials: ['Cookie'] })
    expect(some.get('cookie')).toEqual(['a=b'])
    expect(some.has('authorization')).toBe(false)
  })

  test('where the gate takes no credentials, those that cannot be for it', async () => {
    const sentBy = async (authorization: string, isPublic: boolean, config = {}) =>
      (await sent([['authorization', authorization]], config, { isPublic })).get('authorization')
    expect(await sentBy('Basic eDp5', true)).toEqual(['Basic eDp5'])
    expect(await sentBy('Basic eDp5', false)).toBe(undefined)
    expect(await sentBy('bearer x', true)).toBe(undefined)
    expect(await sentBy('Basic eDp5', true, { request: { remove: ['Authorization'] } })).toBe(
      undefined,
    )
  })

  test('configured changes, and no invented content type or user agent', async () => {
    const request = { set: { 'X-Stage': 'test' }, remove: ['X-Gone'] }
    const got = await sent(
      [['x-gone', '1']],
      { request },
      { method: 'POST', body: new Uint8Array([1, 2]) },
    )
    expect(got.get('x-stage')).toEqual(['test'])
    expect(got.has('x-gone')).toBe(false)
    expect(got.has('content-type')).toBe(false)
    expect(got.get('content-length')).toEqual(['2'])
    expect(got.get('user-agent') ?? ['']).toEqual([''])
  })

  test('a length of our own counting', async () => {
    const body = new Uint8Array([1, 2])
    const got = await sent([['content-length', '999']], {}, { method: 'POST', body })
    expect(got.get('content-length')).toEqual(['2'])
  })
})

describe('the client learns from the upstream', () => {
  test('nothing that belongs to the connection or leads around the gate', async () => {
    const response = await received(
      [
        'HTTP/1.1 200 OK',
        'Connection: keep-alive, X-Hop',
        'X-Hop: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Authenticate: Basic',
        'Upgrade: h2c',
        'Alt-Svc: h3=":443"',
        'Server: secretd/1.0',
        'X-Powered-By: luck',
        'X-Kept: yes',
      ].join('\r\n'),
    )
    expect([...response.headers.keys()]).toEqual(['x-kept'])
  })

  test('the same of heads that are the same, but for what the request decides', async () => {
    const origin = await serveHeads((head) =>
      head.startsWith('HEAD')
        ? 'HTTP/1.1 302 Found\r\nLocation: $ORIGIN/a\r\nContent-Length: 2\r\n\r\n'.replace(
            '$ORIGIN',
            origin.url,
          )
        : answerWith('ok', `HTTP/1.1 302 Found\r\nLocation: ${origin.url}/a`),
    )
    open.push(origin)
    const { upstream } = openUpstream({ targets: [origin.url] })
    const told: unknown[] = []
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD']) {
      for (const host of ['a.example', 'b.example']) {
        const outcome = await upstream.forward(forwardRequest({ method, host }))
        if (isRefusal(outcome)) throw new Error(outcome.code)
        told.push([outcome.get('location'), outcome.get('content-length'), outcome.body !== null])
      }
    }
    const ofGet = [
      ['https://a.example/a', null, true],
      ['https://b.example/a', null, true],
    ]
    const ofHead = [
      ['https://a.example/a', '2', false],
      ['https://b.example/a', '2', false],
    ]
    expect(told).toEqual([...ofGet, ...ofHead, ...ofGet, ...ofHead])
  })

  test('every cookie, each on its own', async () => {
    const response = await received('HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('configured changes', async () => {
    const response = await received('HTTP/1.1 200 OK\r\nX-Gone: 1\r\nServer: x', {
      hideServer: false,
      response: { set: { 'x-content-type-options': 'nosniff' }, remove: ['x-gone'] },
    })
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('server')).toBe('x')
    expect(response.headers.has('x-gone')).toBe(false)
  })

  test.each([
    ['$ORIGIN/next?x=1', 'https://api.example.com/next?x=1'],
    ['$ORIGIN', 'https://api.example.com'],
    ['$AUTHORITY/next', 'https://api.example.com/next'],
    ['HTTP:$AUTHORITY/Next', 'https://api.example.com/Next'],
    ['/next', '/next'],
    ['https://elsewhere.example/', 'https://elsewhere.example/'],
    ['//elsewhere.example/', '//elsewhere.example/'],
  ])('redirect %s as %s, and Content-Location too', async (address, expected) => {
    for (const name of ['Location', 'Content-Location']) {
      const response = await received(`HTTP/1.1 302 Found\r\n${name}: ${address}`)
      expect(response.headers.get(name)).toBe(expected)
    }
  })

  test('a redirect to a longer host name or port is not taken for the upstream', async () => {
    const response = await received('HTTP/1.1 302 Found\r\nLocation: $ORIGIN0/x')
    expect(response.headers.get('location')).toEndWith('0/x')
    expect(response.headers.get('location')).not.toContain('example')
  })
})

describe('identity headers', () => {
  test('of an anonymous caller are none', () => {
    expect(identityHeaders(anonymousCaller)).toEqual({})
  })

  test('cannot be broken by what a name holds', () => {
    const headers = identityHeaders(
      newCaller({
        ...caller,
        userId: 'é\r\nx: y',
        roles: ['a,b', '100%', '\ud800'],
      }),
    )
    expect(headers['x-tollgate-user']).toBe('%C3%A9%0D%0Ax:%20y')
    expect(headers['x-tollgate-roles']).toBe('a%2Cb,100%25,%EF%BF%BD')
  })
})
