/** An origin and a client that write bytes as a test says, with a gate between them that caches by default. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { HEAD, stageGate } from '../e2e/staged-gate.fixture.ts'
import { cacheEverything } from './http-cache-route.fixture.ts'
import { RawClient } from '../../src/server/http1/raw-client.fixture.ts'

/** Header fields; a name may come more than once. */
export type Lines = readonly (readonly [name: string, value: string])[]

/** What the origin says to requests for a path. */
export interface Said {
  /** Three digits, and the reason if any. */
  readonly status?: string
  readonly fields?: Lines
  /** `n1`, `n2` and so on when absent: the number of the request. */
  readonly body?: string
  /** Interim answers before. */
  readonly before?: string
  /** Ends the body by closing, in place of a Content-Length. */
  readonly closes?: boolean
  /** Closes without a word. */
  readonly isSilent?: boolean
}

/** A request as the origin saw it, or a response as the client did. */
export interface Message {
  readonly start: string
  /** Names in lowercase; values of several lines joined by `, `. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

/** A final response, and the interim ones before it. */
export interface Answered extends Message {
  readonly status: number
  readonly interim: readonly Message[]
  /** What the origin was asked for it, if it was. */
  readonly asked: Message | undefined
}

const LINE_END = '\r\n'

function readMessage(text: string): { readonly message: Message; readonly rest: string } {
  const end = text.indexOf(LINE_END + LINE_END)
  const [start = '', ...lines] = text.slice(0, end).split(LINE_END)
  const fields = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const rest = text.slice(end + 4)
  return { message: { start, fields, body: '' }, rest }
}

/** The content of a chunked body that is all there. */
function dechunked(text: string): string {
  let content = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf(LINE_END, at)
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (lineEnd === -1 || !(size > 0)) return content
    content += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}

/** What a client received on a connection that was closed after one response. */
function readAnswer(received: string): Omit<Answered, 'asked'> {
  const interim: Message[] = []
  for (let text = received; ;) {
    if (!text.includes(LINE_END + LINE_END)) throw new Error(`no response: ${JSON.stringify(text)}`)
    const { message, rest } = readMessage(text)
    const status = Number(message.start.slice(9, 12))
    if (status >= 200) {
      const isChunked = message.fields.get('transfer-encoding') === 'chunked'
      return { ...message, status, interim, body: isChunked ? dechunked(rest) : rest }
    }
    interim.push(message)
    text = rest
  }
}

const written = (fields: Lines): string =>
  fields.map(([name, value]) => `${name}: ${value}${LINE_END}`).join('')

/** Answers requests for a path as it was told last. */
class ScriptedOrigin {
  readonly #said = new Map<string, Said>()
  readonly #seen = new Map<string, Message[]>()

  says(path: string, said: Said): void {
    this.#said.set(path, said)
  }

  /** What it was asked for a path, whatever the query. */
  seen(path: string): readonly Message[] {
    return this.#seen.get(path) ?? []
  }

  serve(socket: Socket): void {
    let received = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
      for (;;) {
        if (!received.includes(LINE_END + LINE_END)) return
        const { message, rest } = readMessage(received)
        const length = Number(message.fields.get('content-length') ?? 0)
        if (rest.length < length) return
        received = rest.slice(length)
        this.#answer(socket, { ...message, body: rest.slice(0, length) })
      }
    })
  }

  #answer(socket: Socket, asked: Message): void {
    const [method = '', target = ''] = asked.start.split(' ')
    const [path = ''] = target.split('?')
    const seen = this.#seen.get(path) ?? []
    seen.push(asked)
    this.#seen.set(path, seen)
    const said = this.#said.get(path) ?? {}
    if (said.isSilent === true) {
      socket.destroy()
      return
    }
    const { status = '200 OK', fields = [], before = '', closes = false } = said
    const hasBody = method !== 'HEAD' && !/^(?:204|304)/.test(status)
    const body = said.body ?? `n${seen.length}`
    const own: Lines = closes || !hasBody ? [] : [['Content-Length', String(body.length)]]
    const head = `${before}HTTP/1.1 ${status}${LINE_END}${written([...own, ...fields])}${LINE_END}`
    socket.write(Buffer.from(head + (hasBody ? body : ''), 'latin1'))
    if (closes) socket.end()
  }
}

/** What a test asks for. */
export interface Asking {
  readonly method?: string
  readonly fields?: Lines
  readonly query?: string
  readonly body?: string
}

/** How the second of two requests came by its answer. */
export type Outcome = 'reused' | 'validated' | 'asked'

/** An origin, the gate in front of it, and a client. */
export interface Play {
  /** A path that nothing was asked for yet. */
  page(): string
  says(path: string, said: Said): void
  seen(path: string): readonly Message[]
  ask(path: string, asking?: Asking): Promise<Answered>
  /** What each of several requests for one new path got; the origin says what stands beside them from then on. */
  run(steps: readonly Step[]): Promise<readonly Answered[]>
  /** How the second of two requests with these fields comes by its answer, the origin always saying the same. */
  second(said: Said, first?: Lines, then?: Lines): Promise<Outcome>
}

/** A request, and what the origin says from then on. */
export interface Step extends Asking {
  readonly says?: Said
}

/** A date so many seconds from now, in the form that senders use. */
export const date = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString()

/** Cache-Control. */
export const control = (value: string): Lines => [['Cache-Control', value]]

/** Fields of a response that is ten seconds past a lifetime of sixty when it comes. */
export const stale = (value = 'max-age=60'): Lines => [
  ...control(value),
  ['Age', '70'],
  ['Date', date(0)],
]

/** Fresh for an hour. */
export const FRESH = ['Cache-Control', 'max-age=3600'] as const

/**
 * Starts the plainest configuration there is: one route for everything, `cache: true`. The breaker is off, for
 * some origins in these tests do nothing but fail.
 */
export async function stagePlay(): Promise<Play> {
  const origin = new ScriptedOrigin()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    origin.serve(socket)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((closed) => server.close(closed))
  }
  const gate = await stageGate(
    { url, stop },
    HEAD + cacheEverything(`{ targets: ['${url}'], breaker: false }`),
  )
  let pages = 0
  const page = (): string => `/page-${++pages}`
  const ask = (path: string, asking: Asking = {}): Promise<Answered> =>
    askOnce(gate.url, origin, path, asking)
  return {
    page,
    ask,
    says: (path, said) => origin.says(path, said),
    seen: (path) => origin.seen(path),
    async run(steps) {
      const path = page()
      const answers: Answered[] = []
      for (const { says, ...asking } of steps) {
        if (says !== undefined) origin.says(path, says)
        answers.push(await ask(path, asking))
      }
      return answers
    },
    async second(said, first = [], then = first) {
      const path = page()
      origin.says(path, said)
      await ask(path, { fields: first })
      const { asked } = await ask(path, { fields: then })
      if (asked === undefined) return 'reused'
      const isConditional = ['if-none-match', 'if-modified-since'].some((name) =>
        asked.fields.has(name),
      )
      return isConditional ? 'validated' : 'asked'
    },
  }
}

async function askOnce(
  gate: string,
  origin: ScriptedOrigin,
  path: string,
  { method = 'GET', fields = [], query = '', body = '' }: Asking,
): Promise<Answered> {
  const { port, host } = new URL(gate)
  const before = origin.seen(path).length
  const client = await RawClient.open(Number(port))
  const length: Lines = body === '' ? [] : [['Content-Length', String(body.length)]]
  const own: Lines = [['Host', host], ['Connection', 'close'], ...length]
  const head = `${method} ${path}${query} HTTP/1.1${LINE_END}${written([...own, ...fields])}`
  client.send(head + LINE_END + body)
  const received = await client.ended()
  client.close()
  return { ...readAnswer(received), asked: origin.seen(path)[before] }
}
