import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { DEMO_ENVIRONMENT, LAUNCHER, startDemo } from '../demo.fixture.ts'

const ROOT = resolve(import.meta.dir, '../..')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = (kind: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  )

const folder = mkdtempSync(join(tmpdir(), 'tollgate-readme-'))

describe('the README', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>
  beforeAll(async () => {
    demo = await startDemo(folder)
  }, 20_000)
  afterAll(async () => {
    await demo.stop()
    rmSync(folder, { recursive: true })
  })

  test('its tour works when pasted', async () => {
    const script = blocks('sh tour').join('\n').replaceAll('bin/tollgate.mjs', LAUNCHER)
    const shell = Bun.spawn(['sh', '-e', '-c', script], {
      cwd: folder,
      env: { ...DEMO_ENVIRONMENT, NO_COLOR: '1' },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, exitCode] = await Promise.all([new Response(shell.stdout).text(), shell.exited])
    expect(await new Response(shell.stderr).text()).not.toContain('tollgate:')
    expect(exitCode).toBe(0)
    for (const expected of [
      '"permission_denied"',
      '"path":"orbit/solar-system.json"',
      '#/body/position/z',
      '"memories":[{',
      'tg_live_',
      'permission scene:load is not granted',
      '"ready":true',
      'tollgate_http_server_request_duration_seconds_count',
    ]) {
      expect(said).toContain(expected)
    }
  }, 30_000)

  test('its configuration is one that `tollgate check` accepts', async () => {
    const path = join(folder, 'tollgate.yaml')
    await Bun.write(path, blocks('yaml tollgate').join('\n'))
    expect(Bun.spawnSync(['node', LAUNCHER, 'check', path], { cwd: folder }).exitCode).toBe(0)
  })

  test('its links within the repository, and those of the guides, lead somewhere', () => {
    const pages = ['README.md', ...new Bun.Glob('docs/**/*.md').scanSync(ROOT)]
    const broken = pages.flatMap((page) =>
      [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    )
    expect(broken).toEqual([])
  })
})
