/**
 * The cost of the path through the gate, without a server or sockets: nanoseconds of CPU per request
 * for each set of layers, including the writing of the audit log. Much steadier than the whole server, so that a
 * change of a tenth of a microsecond shows. Arms take turns; the median of the rounds is shown with its range.
 * Requests wait for the audit log; if records were dropped nonetheless, the arm is marked with `!`.
 *
 *     node bin/bun.mjs bench/path.ts [--keys 100000] [--rounds 9] [--only all,verify]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '../src/core/random.ts'
import { shuffled } from './gate/abba.ts'
import type { Arm, Layers } from './gate/arms.ts'
import { armNamed, armsOf } from './gate/arms.ts'
import { closeHouse, createGateOf, makeKeys, openHouse } from './gate/house.ts'
import { MadeRequest } from './gate/made-request.ts'
import type { PathRound } from './gate/path-round.ts'
import { runRound } from './gate/path-round.ts'
import { median } from './gate/statistics.ts'

const REQUESTS = 100_000
const WARM_ROUNDS = 3

type GateArm = Arm & { readonly layers: Layers }

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const named = values.only?.split(',').map(armNamed) ?? armsOf(undefined)
const arms = named.filter((arm): arm is GateArm => arm.layers !== 'bare')
const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'))
const house = await openHouse({ folder })
const keys = await makeKeys(house, Number(values.keys))
const connection = { scheme: 'http', peerAddress: () => '127.0.0.1' } as const

/** Opens the gate of an arm; returns a function that runs a round through it. */
function open({ request, layers }: GateArm): () => Promise<PathRound> {
  const { gate } = createGateOf(house, request, layers)
  const requests = keys.map((key) => new MadeRequest(request.toUpperCase(), key))
  let at = 0
  const turn = async (count: number): Promise<void> => {
    const answers = Array.from({ length: count }, () =>
      gate.handle(requests[at++ % requests.length]!, connection),
    )
    for (const answer of answers) {
      if ((await answer).status !== 200) throw new Error('not every request was let through')
    }
  }
  return async () => runRound(REQUESTS, house.nouns.ledger, turn)
}

const running = arms.map((arm) => ({ arm, round: open(arm), rounds: [] as PathRound[] }))
for (const { round } of running) for (let warm = 0; warm < WARM_ROUNDS; warm++) await round()
for (let round = 0; round < rounds; round++) {
  for (const one of shuffled(running, systemRandom)) one.rounds.push(await one.round())
}

const sum = (of: readonly number[]): number => of.reduce((total, value) => total + value, 0)
process.stdout.write(
  `${'ns of CPU a request'.padEnd(40)} ${'all threads'.padStart(18)} ${'its own'.padStart(8)}   audit records\n`,
)
for (const { arm, rounds: done } of running) {
  const all = done.map(({ cpuNs, requests }) => cpuNs / requests)
  const main = median(done.map(({ mainNs, requests }) => mainNs / requests))
  const dropped = sum(done.map((round) => round.dropped))
  const range = `${median(all).toFixed(0)} (${Math.min(...all).toFixed(0)}–${Math.max(...all).toFixed(0)})`
  const written = `${sum(done.map((round) => round.written))} written, ${dropped} dropped`
  process.stdout.write(
    `${dropped > 0 ? '!' : ' '} ${arm.title.padEnd(38)} ${range.padStart(18)} ${main.toFixed(0).padStart(8)}   ${written}\n`,
  )
}
await closeHouse(house)
await rm(folder, { recursive: true })
