/** The process under test: one arm, on a real data folder of its own. */
import { heapStats } from 'bun:jsc'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openHttp1Listener } from '../../src/server/http1/index.ts'
import { listenerOptions } from '../../src/server/listener.ts'
import { messageOf } from '../../src/core/error-message.ts'
import type { Arm } from './arms.ts'
import { armNamed } from './arms.ts'
import { serveBare } from './bare-server.ts'
import type { House } from './house.ts'
import { closeHouse, createGateOf, makeKeys, openHouse } from './house.ts'
import type { Answer, Memory, Question, ServerOptions } from './messages.ts'
import { KEYS_FILE } from './messages.ts'

/** How to listen with the gate of an arm. */
function gateListener(
  { request, layers }: Arm,
  house: House,
): (hostname: string, port: number) => number {
  if (layers === 'bare') throw new TypeError('a bare server has no gate')
  const { gate, config } = createGateOf(house, request, layers)
  return (hostname, port) =>
    openHttp1Listener({
      ...listenerOptions(config, `${hostname}:${port}`),
      handle: gate.handle,
      onBug: () => new Response(null, { status: 500 }),
    }).port
}

/** Listens on each of the hosts, on the same port. */
function serveArm(arm: Arm, house: House | undefined, hosts: readonly string[]): number {
  const listen =
    house === undefined
      ? (hostname: string, port: number) => serveBare(arm.request, hostname, port)
      : gateListener(arm, house)
  return hosts.reduce((port, host) => listen(host, port), 0)
}

function memory(): Memory {
  Bun.gc(true)
  // It already includes what buffers and strings hold outside of their cells.
  const { heapSize } = heapStats()
  return { residentBytes: process.memoryUsage.rss(), heapBytes: heapSize }
}

const say = (answer: Answer): void => void process.send?.(answer)

const options = JSON.parse(process.argv[2] ?? '') as ServerOptions
const arm = options.arm === undefined ? undefined : armNamed(options.arm)
// A bare server needs no storage and no keys.
const house = arm?.layers === 'bare' ? undefined : await openHouse(options)
if (house !== undefined && options.makeKeys !== undefined) {
  const keys = await makeKeys(house, options.makeKeys)
  await writeFile(join(options.folder, KEYS_FILE), keys.join('\n'))
}
const port = arm === undefined ? 0 : serveArm(arm, house, options.hosts)

const answers: Readonly<Record<Question, () => Promise<Answer>>> = {
  cpu: async () => {
    const { user, system } = process.cpuUsage()
    return { kind: 'cpu', userUs: user, systemUs: system }
  },
  drain: async () => {
    if (house === undefined) return { kind: 'drained', written: 0, dropped: 0 }
    const { ledger } = house.nouns
    await ledger.flush()
    const { written, dropped } = ledger.state()
    return { kind: 'drained', written, dropped }
  },
  memory: async () => ({ kind: 'memory', ...memory() }),
  stop: async () => {
    if (house !== undefined) await closeHouse(house)
    return { kind: 'stopped' }
  },
}
const answer = async (question: Question): Promise<Answer> => {
  try {
    return await answers[question]()
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}
process.on('message', (question: Question) => {
  void answer(question).then((said) => {
    say(said)
    if (said.kind === 'stopped') process.exit(0)
  })
})
process.on('disconnect', () => process.exit(1))
say({ kind: 'ready', port })
