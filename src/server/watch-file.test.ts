import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../core/until.fixture.ts'
import { watchFile } from './watch-file.ts'

const root = mkdtempSync(join(tmpdir(), 'tollgate-watch-'))
afterAll(() => {
  rmSync(root, { recursive: true })
})

test('a folder that cannot be watched ends nothing: the log says so, and that it is watched again', async () => {
  const folder = join(root, 'conf')
  const path = join(folder, 'tollgate.yaml')
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  let changes = 0
  const end = watchFile(path, () => (changes += 1), { info: say, warn: say })
  expect(said).toEqual(['the configuration is not watched: reload it after a change'])
  mkdirSync(folder)
  writeFileSync(path, 'first')
  await until(() => said.length === 2, 'the watch')
  expect(said[1]).toBe('the configuration is watched again')
  await until(() => changes > 0, 'the first change')

  // A whole folder takes the place of another, as some deploy.
  const seen = changes
  mkdirSync(join(root, 'next'))
  writeFileSync(join(root, 'next/tollgate.yaml'), 'second')
  renameSync(folder, join(root, 'last'))
  renameSync(join(root, 'next'), folder)
  await until(() => changes > seen, 'the second change')
  const before = changes
  writeFileSync(path, 'third')
  await until(() => changes > before, 'the third change')
  end()
}, 30_000)
