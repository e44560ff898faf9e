// Runs on any runtime: serves the built listener by node:http and says what clients saw as one line of JSON.
import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect } from 'node:net'

const [, , entry, listenerEntry, certificate] = process.argv
const { createGate } = await import(entry)
const { nodeListener } = await import(listenerEntry)
const seen = {}

/** Serves what `fetch` answers, for as long as `use` takes; `before` is what a framework does first. */
async function served(fetch, use, { before, ...options } = {}) {
  const listener = nodeListener({ fetch }, options)
  const server = createServer((incoming, outgoing) => {
    void Promise.resolve(before?.(incoming, outgoing)).then(() => listener(incoming, outgoing))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  await use(server.address().port)
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
}

const ask = (port, path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)

/** What a server answers to the bytes of a client, until it closes. */
async function answerTo(port, text) {
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let all = ''
  socket.setEncoding('utf8').on('data', (part) => (all += part))
  await once(socket, 'close')
  return all
}

const cookies = new Headers([
  ['set-cookie', 'a=1'],
  ['set-cookie', 'b=2'],
  ['x-frame-options', 'deny'],
])
await served(
  async () => new Response('set', { headers: cookies }),
  async (port) => {
    const answer = await ask(port, '/')
    seen.cookies = [answer.headers.getSetCookie(), answer.headers.get('x-frame-options')]
    seen.head = [(await ask(port, '/', { method: 'HEAD' })).status]
  },
  {
    before: (_incoming, outgoing) => {
      outgoing.setHeader('x-frame-options', 'sameorigin')
      outgoing.setHeader('set-cookie', 'framework=0')
    },
  },
)

const shown = async (request, { address }) =>
  Response.json([
    request.method,
    request.url.replace('localhost', ''),
    address,
    request.headers.get('host'),
    request.headers.get('authorization'),
    request.body === null ? null : await request.text(),
  ])
const CLOSE = 'Connection: close\r\n\r\n'
await served(shown, async (port) => {
  const bodyOf = async (text) => JSON.parse(/\[.*\]/.exec(await answerTo(port, text))[0])
  const statusOf = async (text) => Number((await answerTo(port, text)).slice(9, 12))
  seen.path = await bodyOf(`GET /a?b=c HTTP/1.1\r\nHost: h\r\n${CLOSE}`)
  seen.twice = await bodyOf(
    `GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: one\r\nAuthorization: two\r\n${CLOSE}`,
  )
  seen.absolute = await bodyOf(`GET http://real/a HTTP/1.1\r\nHost: h\r\n${CLOSE}`)
  seen.empty = await bodyOf(`DELETE /a HTTP/1.1\r\nHost: h\r\n${CLOSE}`)
  seen.body = await bodyOf(`PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n${CLOSE}hi`)
  seen.none = await statusOf(`OPTIONS * HTTP/1.1\r\nHost: h\r\n${CLOSE}`)
})
const mount = (incoming) => {
  incoming.originalUrl = `/mounted${incoming.url}`
}
await served(shown, async (port) => (seen.mounted = (await (await ask(port, '/a')).json())[1]), {
  before: mount,
})

const heard = []
await served(
  shown,
  async (port) => (seen.parsed = (await ask(port, '/', { method: 'POST', body: 'x' })).status),
  {
    before: async (incoming) => {
      for await (const part of incoming) void part
    },
    onError: (error) => heard.push(error.message),
  },
)
seen.heard = heard

const route = { credentials: ['anonymous'], bodyMax: '64KiB', methods: ['POST'], handler: true }
const gate = await createGate({
  config: { routes: [{ ...route, id: 'read', path: '/read' }] },
  handler: async (request) => new Response(String((await request.text()).length)),
})
await served(gate.fetch, async (port) => {
  const chunks = (count) =>
    new ReadableStream({
      pull: (controller) =>
        count-- > 0 ? controller.enqueue(new Uint8Array(16_384)) : controller.close(),
    })
  const sendChunks = async (count) => {
    const answer = await ask(port, '/read', { method: 'POST', body: chunks(count), duplex: 'half' })
    return [answer.status, (await answer.text()).slice(0, 17)]
  }
  const announced = await ask(port, '/read', { method: 'POST', body: new Uint8Array(20_000_000) })
  seen.announced = announced.status
  seen.streamed = [await sendChunks(3), await sendChunks(300), await sendChunks(3)]
})
await gate.close()

let go
const asked = new Promise((resolve) => (go = resolve))
const signals = []
await served(
  async (request) => {
    signals.push(request.signal)
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await asked
          controller.enqueue(new TextEncoder().encode('data: 1\n\n'))
          controller.close()
        },
      }),
    )
  },
  async (port) => {
    const events = await ask(port, '/')
    go()
    seen.events = await events.text()
  },
)

let cancelled
const isCancelled = new Promise((resolve) => (cancelled = resolve))
await served(
  async (request) => {
    signals.push(request.signal)
    return new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => cancelled(true),
      }),
    )
  },
  async (port) => {
    const client = send({ port, host: '127.0.0.1' }, (answer) =>
      answer.once('data', () => client.destroy()),
    )
    client.on('error', () => undefined).end()
    seen.left = await isCancelled
  },
  { onError: (error) => heard.push(error.message) },
)
seen.aborted = signals.map(({ aborted }) => aborted)

await served(
  async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('broke')) })
    return new Response(body)
  },
  async (port) => {
    seen.broken = await ask(port, '/').then(
      ({ status }) => status,
      () => 'cut',
    )
  },
  { onError: (error) => heard.push(error.message) },
)

const { key, cert } = JSON.parse(certificate)
const secure = createSecureServer({ key, cert }, nodeListener({ fetch: shown }))
await new Promise((listening) => secure.listen(0, '127.0.0.1', listening))
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
process.removeAllListeners('warning')
const secured = await fetch(`https://127.0.0.1:${secure.address().port}/a`)
seen.secure = (await secured.json())[1]
secure.closeAllConnections()
secure.close()
console.log(JSON.stringify(seen))
