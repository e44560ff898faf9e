import { afterEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseGatewayConfig, readGatewayConfig } from './config-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'tollgate-paths-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const CONFIG = `
storage: { folder: data }
policy:
  allowLists:
    scenes: { file: lists/scenes.txt }
    named: { entries: [a.json] }
policies:
  one: { paths: [rules, ../shared.rego], entry: data.a.allow, shadow: { bundle: next.tar.gz } }
  two: { bundle: /opt/policy.tar.gz, entry: data.a.allow }
`

test('every path in a configuration is relative to its file, wherever the gate is started', async () => {
  mkdirSync(join(folder, 'etc'), { recursive: true })
  const path = join(folder, 'etc', 'tollgate.yaml')
  writeFileSync(path, CONFIG)
  const here = relative(process.cwd(), path)
  for (const outcome of [
    await readGatewayConfig(path, {}),
    await readGatewayConfig(here, {}),
    await parseGatewayConfig(CONFIG, here, {}),
  ]) {
    if (!outcome.ok) throw new Error(outcome.errors[0]?.message)
    const { storage, policy, policies } = outcome.value
    const etc = join(folder, 'etc')
    expect(storage.folder).toBe(join(etc, 'data'))
    expect(policy.allowLists['scenes']?.file).toBe(join(etc, 'lists/scenes.txt'))
    expect(policy.allowLists['named']?.file).toBeUndefined()
    expect(policies['one']?.paths).toEqual([join(etc, 'rules'), join(folder, 'shared.rego')])
    expect(policies['one']?.shadow?.bundle).toBe(join(etc, 'next.tar.gz'))
    expect(policies['two']?.bundle).toBe('/opt/policy.tar.gz')
  }
})
