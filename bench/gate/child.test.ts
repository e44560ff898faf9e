import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dir, '../index.ts')

test('who interrupts the benchmark finds no process and no folder of it left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-test-'))
  try {
    const child = Bun.spawn(
      [process.execPath, PROGRAM, '--only', 'all', '--keys', '10', '--slice', '2000'],
      { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const lines = child.stderr.getReader()
    // By the first block all servers run, each in a folder of its own.
    for (let said = ''; !said.includes('block 1 of');) {
      const { value, done } = await lines.read()
      if (done) throw new Error(said)
      said += new TextDecoder().decode(value)
    }
    expect(await readdir(folder)).toHaveLength(3)
    child.kill('SIGINT')
    expect(await child.exited).toBe(130)
    expect(await readdir(folder)).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)
