import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { adminEntry, openFixture, traffic } from './ledger.fixture.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0

test.skipIf(!hasPython)(
  `the guide's Python verifies a log, and finds a change${hasPython ? '' : ' (python3 is absent)'}`,
  async () => {
    await using fixture = await openFixture({ config: { segment: { size: '4KiB' } } })
    for (let at = 0; at < 60; at++) {
      fixture.ledger.record(traffic({ actorId: at % 2 === 0 ? 'key_"ä\n' : 'key_1' }))
      if (at % 10 === 0) await fixture.ledger.append(adminEntry('ключ'))
    }
    await fixture.ledger.flush()
    const { seq, hash } = fixture.ledger.checkpoint()
    await fixture.close()

    const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/audit.md'), 'utf8')
    const snippet = /```python\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
    expect(snippet.trim().split('\n').length).toBeLessThanOrEqual(20)
    const folder = join(fixture.folder, 'log')
    const files = readdirSync(folder)
      .sort()
      .map((name) => join(folder, name))
    const run = (paths: readonly string[]) =>
      spawnSync('python3', ['-c', snippet, ...paths], { encoding: 'utf8' })

    expect(files.length).toBeGreaterThan(3)
    expect(run(files).stdout).toBe(`sound up to record ${seq}, hash ${hash}\n`)
    expect(run(files.slice(1)).stdout).toBe(`sound up to record ${seq}, hash ${hash}\n`)
    expect(run(files.toSpliced(1, 1)).status).toBe(1)
    writeFileSync(files[1]!, readFileSync(files[1]!, 'utf8').replace('allow', 'deny'))
    expect(run(files).stderr).toContain('is changed, missing or out of order')
  },
  60_000,
)
