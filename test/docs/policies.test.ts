import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '../..')
const guide = readFileSync(join(ROOT, 'docs/guides/policies.md'), 'utf8')
const BLOCK = /^```(\S+) (\S+)\n([\s\S]*?)^```/gm
const blocks = [...guide.matchAll(BLOCK)].map(([, kind = '', name = '', text = '']) => ({
  kind,
  name,
  text,
}))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-guide-'))
  for (const { kind, name, text } of blocks) {
    if (kind === 'sh') continue
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the guide to policies', () => {
  test('its tools work when pasted', async () => {
    const launcher = `node ${join(ROOT, 'bin/tollgate.mjs')}`
    const script = blocks.find(({ kind, name }) => kind === 'sh' && name === 'tools')?.text ?? ''
    const commands = script.replaceAll(/^( *)tollgate /gm, `$1${launcher} `)
    const shell = Bun.spawn(['sh', '-e', '-c', commands], {
      cwd: folder,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, exitCode] = await Promise.all([new Response(shell.stdout).text(), shell.exited])
    expect(await new Response(shell.stderr).text()).toBe('')
    expect(exitCode).toBe(0)
    expect(said).toContain('PASS: 3/3')
    expect(said).toContain('covered: 100 %')
    expect(said).toContain('\ntrue\n')
    expect(said).toContain('"value": false')
  }, 30_000)
})
