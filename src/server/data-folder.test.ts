import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../core/random.ts'
import type { DataFolder } from './data-folder.ts'
import { openDataFolder, readPeppers } from './data-folder.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): DataFolder {
  const parent = mkdtempSync(join(tmpdir(), 'tollgate-data-'))
  folders.push(parent)
  return openDataFolder(join(parent, 'data'))
}

test('one that cannot be made says which and why', () => {
  const parent = mkdtempSync(join(tmpdir(), 'tollgate-data-'))
  folders.push(parent)
  const file = join(parent, 'file')
  writeFileSync(file, '')
  expect(() => openDataFolder(file)).toThrow(
    `the data folder ${file} cannot be used: there is something of that name that is no folder`,
  )
  expect(() => openDataFolder(join(file, 'below'))).toThrow('what it would lie in is no folder')
})

test('the pepper is made once, for its owner alone', () => {
  const folder = newFolder()
  const [made] = readPeppers(folder, systemRandom)
  expect(made?.version).toBe(1)
  expect(made?.bytes).toHaveLength(32)
  expect(readPeppers(folder, systemRandom)).toEqual([made!])
  expect(statSync(join(folder.path, 'pepper')).mode & 0o077).toBe(0)
  expect(statSync(folder.path).mode & 0o077).toBe(0)
})

test('a database without its pepper is refused instead of given another', () => {
  const folder = newFolder()
  writeFileSync(folder.database, '')
  expect(() => readPeppers(folder, systemRandom)).toThrow('pepper is missing')
})

test('a damaged pepper is told', () => {
  const folder = newFolder()
  writeFileSync(join(folder.path, 'pepper'), '1 short\n')
  expect(() => readPeppers(folder, systemRandom)).toThrow('is damaged')
})
