import { describe, expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import environment from '../../bin/environment.json' with { type: 'json' }

const LAUNCHER = new URL('../../bin/launch.mjs', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a program sees that is launched as the gate is, in an environment with these variables besides. */
async function seen(variables: Record<string, string>): Promise<unknown> {
  const program = 'console.log(JSON.stringify(process.env))'
  const script = `import { launch } from '${LAUNCHER}'
    launch(['-e', ${JSON.stringify(program)}], { guarded: true })`
  const child = Bun.spawn(['node', '--input-type=module', '-e', script], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await new Response(child.stdout).text()) as unknown
}

describe('the environment of a gate', () => {
  test('has what Bun is to read at its start', async () => {
    expect(await seen({})).toMatchObject(environment)
  })

  test('keeps what the operator has set, and nothing that changes which program runs', async () => {
    const name = 'MIMALLOC_PURGE_HOLES'
    const found = await seen({ [name]: '1', BUN_OPTIONS: '--smol' })
    expect(found).toMatchObject({ [name]: '1' })
    expect(found).not.toHaveProperty('BUN_OPTIONS')
  })
})
