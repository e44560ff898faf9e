/**
 * What the path through the gate costs, without any server or socket around it: nanoseconds of CPU a request
 * for each set of layers, writing of the audit log included. Much steadier than the whole server, so that a
 * change of a tenth of a microsecond shows. Arms take turns; the median of the rounds is shown with its range.
 *
 *     node bin/bun.mjs bench/path.ts [--keys 100000] [--rounds 9] [--only all,verify]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { IncomingHeaders, IncomingRequest } from '../src/core/incoming-request.ts'
import type { Arm, Layers } from './gate/arms.ts'
import { ARMS } from './gate/arms.ts'
import { closeHouse, createGateOf, makeKeys, openHouse } from './gate/house.ts'
import { BODY, PATH } from './gate/requests.ts'

const REQUESTS = 100_000
/** Requests between two turns of the event loop: about what a busy server reads at once. */
const TURN = 64

/** A request that is here already. */
class MadeRequest implements IncomingRequest, IncomingHeaders {
  readonly method: string
  readonly target = PATH
  readonly body = null
  readonly arrived = undefined
  readonly isGone = false
  private readonly authorization: string
  constructor(method: string, key: string) {
    this.method = method
    this.authorization = `Bearer ${key}`
  }
  get headers(): IncomingHeaders {
    return this
  }
  get(name: string): string | null {
    if (name === 'host') return '127.0.0.1'
    if (name === 'authorization') return this.authorization
    return name === 'content-type' ? 'application/json' : null
  }
  has(name: string): boolean {
    return this.get(name) !== null
  }
  forEach(): void {}
  *[Symbol.iterator](): Iterator<[string, string]> {}
  text(): string {
    return BODY
  }
  get signal(): AbortSignal {
    return new AbortController().signal
  }
  toRequest(): Request {
    return new Request(`http://127.0.0.1${PATH}`)
  }
}

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const only = values.only?.split(',')
const arms = ARMS.filter(
  (arm): arm is Arm & { readonly layers: Layers } =>
    arm.layers !== 'bare' && (only === undefined || only.includes(arm.name)),
)
const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
const house = await openHouse({ folder })
const keys = await makeKeys(house, Number(values.keys))
const connection = { scheme: 'http', peerAddress: () => '127.0.0.1' } as const

async function run({
  request,
  layers,
}: Arm & { readonly layers: Layers }): Promise<() => Promise<number>> {
  const { gate } = createGateOf(house, request, layers)
  const requests = keys.map((key) => new MadeRequest(request.toUpperCase(), key))
  let at = 0
  return async () => {
    const before = process.cpuUsage()
    for (let sent = 0; sent < REQUESTS; sent += TURN) {
      const answers = Array.from({ length: TURN }, () =>
        gate.handle(requests[at++ % requests.length]!, connection),
      )
      for (const answer of answers) {
        if ((await answer).status !== 200) throw new Error('not every request was let through')
      }
      await new Promise(setImmediate)
    }
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / REQUESTS
  }
}

const running = await Promise.all(
  arms.map(async (arm) => ({ arm, round: await run(arm), ns: [] as number[] })),
)
for (const { round } of running) for (let warm = 0; warm < 3; warm++) await round()
for (let round = 0; round < rounds; round++) {
  for (const one of running.toSorted(() => Math.random() - 0.5)) one.ns.push(await one.round())
}
for (const { arm, ns } of running) {
  const sorted = ns.toSorted((a, b) => a - b)
  const [least, middle, most] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!]
  process.stdout.write(
    `${arm.title.padEnd(40)} ${middle.toFixed(0).padStart(6)} ns (${least.toFixed(0)}–${most.toFixed(0)})\n`,
  )
}
await closeHouse(house)
await rm(folder, { recursive: true })
