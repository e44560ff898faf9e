import { afterEach, describe, expect, test } from 'bun:test'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Link, OpenLink, ServerAddress } from '../../upstream/index.ts'
import { openNodeLink } from '../../upstream/index.ts'
import { createSocketLinks } from './socket-link.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function serve(onSocket: (socket: Socket) => void, at: object): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    ends.push(() => socket.destroy())
    onSocket(socket)
  })
  await new Promise<void>((resolve) => void server.listen(at, resolve))
  ends.push(() => server.close())
  return server
}

async function serveTcp(onSocket: (socket: Socket) => void): Promise<ServerAddress> {
  const server = await serve(onSocket, { host: '127.0.0.1', port: 0 })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return addressOf(bound.port)
}

const addressOf = (port: number): ServerAddress => ({
  host: '127.0.0.1',
  port,
  unix: undefined,
  tls: undefined,
})

/** A link, what it brought, and what became of it. */
function open(openLink: OpenLink, address: ServerAddress) {
  const opened = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<string>()
  const seen = { bytes: 0, drains: 0 }
  let onBytes = (): void => undefined
  const link: Link = openLink(address, {
    onOpen: () => opened.resolve(),
    onData: (bytes) => {
      seen.bytes += bytes.length
      onBytes()
    },
    onDrain: () => void (seen.drains += 1),
    onEnd: () => ended.resolve(),
    onClose: (cause) => closed.resolve(cause),
  })
  ends.push(() => link.destroy())
  const has = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      onBytes = () => {
        if (seen.bytes >= bytes) resolve()
      }
      onBytes()
    })
  return { link, seen, has, opened: opened.promise, ended: ended.promise, closed: closed.promise }
}

const BODY = Buffer.alloc(8_000_000, 'x')

describe.each([
  ['node', () => openNodeLink],
  ['the runtime', () => createSocketLinks()],
] as const)('a link over the sockets of %s', (_name, make) => {
  test('carries a body that is larger than any buffer, both ways, and says when it wants more', async () => {
    const address = await serveTcp((socket) => void socket.pipe(socket))
    const { link, seen, has, opened } = open(make(), address)
    await opened
    expect(link.write('head')).toBe(true)
    expect(link.write(BODY)).toBe(false)
    expect(link.write('tail')).toBe(false)
    await has(BODY.length + 8)
    expect(seen.bytes).toBe(BODY.length + 8)
    expect(seen.drains).toBeGreaterThan(0)
  })

  test('brings nothing while it is paused', async () => {
    const address = await serveTcp((socket) => void socket.pipe(socket))
    const { link, seen, has, opened } = open(make(), address)
    await opened
    link.write('a')
    await has(1)
    link.pause()
    link.write('b')
    await Bun.sleep(50)
    expect(seen.bytes).toBe(1)
    link.resume()
    await has(2)
  })

  test('tells that nobody listens', async () => {
    const address = await serveTcp(() => undefined)
    await ends.pop()!()
    const { closed } = open(make(), address)
    expect(await closed).not.toBe('')
  })

  test('tells that the other side has ended', async () => {
    const address = await serveTcp((socket) => void socket.end('bye'))
    const { has, ended } = open(make(), address)
    await Promise.all([has(3), ended])
  })

  test('brings what came before the other side ended first, also where it was paused', async () => {
    const address = await serveTcp((socket) => void socket.end('bye'))
    const order: string[] = []
    const ended = Promise.withResolvers<void>()
    const link = make()(address, {
      onOpen: () => undefined,
      onData: (bytes) => {
        order.push(bytes.toString('latin1'))
        link.pause()
        link.resume()
      },
      onDrain: () => undefined,
      onEnd: () => {
        order.push('end')
        ended.resolve()
      },
      onClose: () => undefined,
    })
    ends.push(() => link.destroy())
    await ended.promise
    expect(order).toEqual(['bye', 'end'])
  })

  test('brings each of many at once its own, in order', async () => {
    const address = await serveTcp((socket) => void socket.pipe(socket))
    const openLink = make()
    const links = 150
    const answers = await Promise.all(
      Array.from({ length: links }, (_, at) => {
        const want = `head ${at}\nbody ${at}\ntail ${at}`
        const { promise, resolve, reject } = Promise.withResolvers<boolean>()
        let got = ''
        const link = openLink(address, {
          onOpen() {
            link.write(`head ${at}\n`)
            link.write(Buffer.from(`body ${at}\n`))
            link.write(`tail ${at}`)
          },
          onData(bytes) {
            got += bytes.toString('latin1')
            if (got.length >= want.length) resolve(got === want)
          },
          onDrain: () => undefined,
          onEnd: () => undefined,
          onClose: reject,
        })
        ends.push(() => link.destroy())
        return promise
      }),
    )
    expect(answers).toEqual(Array.from({ length: links }, () => true))
  })

  test('closes at once, twice too, and also while it opens', async () => {
    let sockets = 0
    const gone = Promise.withResolvers<void>()
    const address = await serveTcp((socket) => {
      sockets += 1
      socket.on('close', () => gone.resolve()).resume()
    })
    const { link, opened } = open(make(), address)
    await opened
    link.destroy()
    link.destroy()
    await gone.promise
    expect(sockets).toBe(1)
    const early = open(make(), address)
    early.link.destroy()
    expect(await Promise.race([early.opened.then(() => 'open'), Bun.sleep(100)])).toBeUndefined()
  })

  test('reaches a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-link-'))
    ends.push(() => rm(folder, { recursive: true, force: true }))
    const unix = join(folder, 'upstream.sock')
    await serve((socket) => void socket.pipe(socket), { path: unix })
    const { link, has, opened } = open(make(), { ...addressOf(0), unix })
    await opened
    link.write('hello')
    await has(5)
  })
})

test('a receiver that fails loses its own link and no other', async () => {
  const sockets: Socket[] = []
  const both = Promise.withResolvers<void>()
  const address = await serveTcp((socket) => {
    if (sockets.push(socket) === 2) both.resolve()
  })
  const openLink = createSocketLinks()
  const lost = Promise.withResolvers<string>()
  const broken = openLink(address, {
    onOpen: () => undefined,
    onData: () => {
      throw new Error('a bug')
    },
    onDrain: () => undefined,
    onEnd: () => undefined,
    onClose: lost.resolve,
  })
  ends.push(() => broken.destroy())
  const { has, opened } = open(openLink, address)
  await Promise.all([opened, both.promise])
  for (const socket of sockets) socket.write('hello')
  expect(await lost.promise).toBe('a bug')
  await has(5)
})
