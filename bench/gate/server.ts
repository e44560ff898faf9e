/** The process under test: every arm on ports of its own, on one real data folder. */
import { heapStats } from 'bun:jsc'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openHttp1Listener } from '../../src/server/http1/index.ts'
import { listenerOptions } from '../../src/server/listener.ts'
import type { Arm, Layers } from './arms.ts'
import { armNamed } from './arms.ts'
import type { House } from './house.ts'
import { closeHouse, createGateOf, makeKeys, openHouse } from './house.ts'
import type { Answer, Memory, Question, ServerOptions } from './messages.ts'
import { KEYS_FILE } from './messages.ts'
import { ANSWER } from './requests.ts'

/** The bare server: the same body parsed, the same answer built in the same way. */
function serveBare({ request }: Arm, hostname: string, port: number): number {
  const content = JSON.stringify(ANSWER)
  const init = { status: 200, headers: new Headers({ 'content-type': 'application/json' }) }
  const handler = {
    post: async (incoming: Request) => {
      await incoming.json()
      return new Response(content, init)
    },
    get: () => new Response(content, init),
  }[request]
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    idleTimeout: 240,
    maxRequestBodySize: 1 << 20,
    fetch: handler,
  })
  return server.port ?? 0
}

/** Starts the gate of an arm; returns how to listen with it. */
function createArm(arm: Arm, layers: Layers, house: House) {
  const { gate, config } = createGateOf(house, arm.request, layers)
  return (hostname: string, port: number): number =>
    openHttp1Listener({
      ...listenerOptions(config, `${hostname}:${port}`),
      handle: gate.handle,
      onBug: () => new Response(null, { status: 500 }),
    }).port
}

/** Listens on each of the hosts, on the same port. */
function serveArm(arm: Arm, house: House | undefined, hosts: readonly string[]): number {
  const { layers } = arm
  const listen =
    layers === 'bare'
      ? (hostname: string, port: number) => serveBare(arm, hostname, port)
      : createArm(arm, layers, house!)
  let port = 0
  for (const host of hosts) port = listen(host, port)
  return port
}

function memory(): Memory {
  Bun.gc(true)
  // What buffers and strings hold outside of their cells is part of it already.
  const { heapSize } = heapStats()
  return { residentBytes: process.memoryUsage.rss(), heapBytes: heapSize }
}

const say = (answer: Answer): void => void process.send?.(answer)

const options = JSON.parse(process.argv[2] ?? '') as ServerOptions
const arms = options.arms.map(armNamed)
// Bare servers alone stand in an empty house: no storage, no keys.
const house = arms.every(({ layers }) => layers === 'bare') ? undefined : await openHouse(options)
const keys = house === undefined ? [] : await makeKeys(house, options.keys)
await writeFile(join(options.folder, KEYS_FILE), keys.join('\n'))
const ports = arms.map((arm) => [arm.name, serveArm(arm, house, options.hosts)])

const answers: Readonly<Record<Question, () => Promise<Answer>>> = {
  cpu: async () => {
    const { user, system } = process.cpuUsage()
    return { kind: 'cpu', ns: (user + system) * 1000 }
  },
  memory: async () => ({ kind: 'memory', ...memory() }),
  stop: async () => {
    if (house !== undefined) await closeHouse(house)
    return { kind: 'stopped' }
  },
}
process.on('message', (question: Question) => {
  void answers[question]().then((answer) => {
    say(answer)
    if (answer.kind === 'stopped') process.exit(0)
  })
})
process.on('disconnect', () => process.exit(1))
say({ kind: 'ready', ports: Object.fromEntries(ports) as Record<string, number> })
