import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { createSeededRandom } from '../core/random.ts'
import { allRecords, openFixture } from './ledger.fixture.ts'

const ROUNDS = 8
const script = join(import.meta.dirname, 'crash.fixture.ts')

/** Runs the writer, kills it once it has acknowledged `count` lines, and returns them all. */
async function writeAndKill(folder: string, round: number, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [script, folder, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    output += text
    if (output.split('\n').length > count) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return output.split('\n').slice(0, -1)
}

test('kill -9 at any moment loses no acknowledged record, and the chain verifies after each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-crash-'))
  const random = createSeededRandom(7)
  const acknowledged: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const count = 1 + Math.floor(random.fraction() * 60)
    acknowledged.push(...(await writeAndKill(folder, round, count)))
    const fixture = await openFixture({ folder })
    expect(await fixture.ledger.verify()).toMatchObject({ ok: true, fault: undefined })
    await fixture.close()
  }
  const fixture = await openFixture({ folder })
  const records = await allRecords(fixture.ledger)
  const kept = new Set(records.map(({ seq, target }) => `${seq} ${target}`))
  expect(acknowledged.length).toBeGreaterThan(ROUNDS)
  expect(acknowledged.filter((line) => !kept.has(line))).toEqual([])
  await fixture.close()
  await rm(folder, { recursive: true })
}, 60_000)
