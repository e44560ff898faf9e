/** The process under test: every arm on ports of its own, on one real data folder. */
import { heapStats } from 'bun:jsc'
import { join } from 'node:path'
import { createAllowListCounts, createLive, createNouns } from '../../src/gate/index.ts'
import type { Nouns, World } from '../../src/gate/index.ts'
import { openDataFolder, readPeppers } from '../../src/server/data-folder.ts'
import { listenerOptions, openListener } from '../../src/server/listener.ts'
import type { Storage } from '../../src/server/storage.ts'
import { openStorage } from '../../src/server/storage.ts'
import { createWorld } from '../../src/server/world.ts'
import type { Arm, Layers } from './arms.ts'
import { armNamed } from './arms.ts'
import { configOf, ROLE } from './configuration.ts'
import type { Answer, Memory, Question, ServerOptions } from './messages.ts'
import { KEYS_FILE } from './messages.ts'
import { ANSWER } from './requests.ts'

const TENANTS = 50
const KEYS_AT_ONCE = 2000

interface House {
  readonly folder: string
  readonly storage: Storage
  readonly nouns: Nouns
  readonly world: World
}

async function openHouse({ folder, cacheAgeMs, indexBytes }: ServerOptions): Promise<House> {
  const base = configOf(folder, 'post', {})
  const cache = { ...base.identity.cache, ...(cacheAgeMs !== undefined && { ageMax: cacheAgeMs }) }
  const audit = { ...base.audit, ...(indexBytes !== undefined && { indexMemory: indexBytes }) }
  const config = { ...base, audit, identity: { ...base.identity, cache } }
  const world = createWorld(config.signals)
  const data = openDataFolder(folder)
  const peppers = readPeppers(data, world.random)
  const storage = await openStorage(config, data, world.clock)
  const nouns = await createNouns(config, storage, peppers, world)
  return { folder, storage, nouns, world }
}

/** Makes keys through the real service and leaves them in a file for the generator. */
async function makeKeys({ folder, nouns }: House, count: number): Promise<void> {
  const { tenants, keys } = nouns.identity
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    await tenants.create({ id: `ten_${tenant}`, name: `Tenant ${tenant}` })
  }
  const secrets: string[] = []
  for (let from = 0; from < count; from += KEYS_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(KEYS_AT_ONCE, count - from) },
      (_, at) => from + at,
    )
    const made = await Promise.all(
      numbers.map(async (at) =>
        keys.create(`ten_${at % TENANTS}`, { name: `key ${at}`, roles: [ROLE] }),
      ),
    )
    for (const key of made) {
      if (!key.ok) throw new Error(`a key could not be made: ${key.refusal.code}`)
      secrets.push(key.value.secret)
    }
  }
  await Bun.write(join(folder, KEYS_FILE), secrets.join('\n'))
}

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
  const config = configOf(house.folder, arm.request, layers)
  const made = createLive(config, {
    nouns: house.nouns,
    counters: house.storage.counters,
    allowLists: createAllowListCounts(),
    world: house.world,
    fallback: () => undefined,
  })
  if (!made.ok) throw new Error(made.problems.map(({ message }) => message).join('; '))
  const { gate } = made.live
  return (hostname: string, port: number): number =>
    openListener({
      ...listenerOptions(config, `${hostname}:${port}`),
      handle: gate.handle,
      onBug: () => new Response(null, { status: 500 }),
    }).port
}

/** Listens on each of the hosts, on the same port. */
function serveArm(arm: Arm, house: House, hosts: readonly string[]): number {
  const { layers } = arm
  const listen =
    layers === 'bare'
      ? (hostname: string, port: number) => serveBare(arm, hostname, port)
      : createArm(arm, layers, house)
  let port = 0
  for (const host of hosts) port = listen(host, port)
  return port
}

function memory(): Memory {
  Bun.gc(true)
  const { heapSize, extraMemorySize } = heapStats()
  return { residentBytes: process.memoryUsage.rss(), heapBytes: heapSize + extraMemorySize }
}

const say = (answer: Answer): void => void process.send?.(answer)

const options = JSON.parse(process.argv[2] ?? '') as ServerOptions
const house = await openHouse(options)
await makeKeys(house, options.keys)
const ports = options.arms.map((name) => [name, serveArm(armNamed(name), house, options.hosts)])

const answers: Readonly<Record<Question, () => Promise<Answer>>> = {
  cpu: async () => {
    const { user, system } = process.cpuUsage()
    return { kind: 'cpu', ns: (user + system) * 1000 }
  },
  memory: async () => ({ kind: 'memory', ...memory() }),
  stop: async () => {
    await house.nouns.close()
    await house.storage.close()
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
