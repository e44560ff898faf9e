import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { DEMO_ENVIRONMENT, LAUNCHER, startDemo } from '../demo.fixture.ts'

const ROOT = resolve(import.meta.dir, '../..')
const ENTRY = join(ROOT, 'src/index.ts')
const NODE_ENTRY = join(ROOT, 'src/adapters/node/index.ts')

interface Block {
  readonly page: string
  /** Language and mark: `yaml tollgate`, `ts run`, `sh run`; or the name of a file, `rego a/b.rego`. */
  readonly kind: string
  readonly text: string
  readonly line: number
}

/** The fenced blocks of a page, in order. */
function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, 'docs/guides', page), 'utf8')
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
    page,
    kind: (match[1] ?? '').trim(),
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

const pages = [...new Bun.Glob('*.md').scanSync(join(ROOT, 'docs/guides'))].sort()
const blocks = pages.flatMap(blocksOf)
const named = (kind: string): readonly (readonly [string, Block])[] =>
  blocks
    .filter((block) => block.kind === kind)
    .map((block) => [`${block.page}:${block.line}`, block])

/** What a page says a block prints: the `text output` block that follows it. */
function shownAfter(block: Block): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1]
  return next?.page === block.page && next.kind === 'text output' ? next.text : undefined
}

const folder = mkdtempSync(join(tmpdir(), 'tollgate-guides-'))
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Puts the files that a page shows by name where its configurations look for them. */
async function writeFilesOf(page: string): Promise<void> {
  for (const block of blocks) {
    const name = /^\w+ ([\w-]+(?:\/[\w-]+)*\.\w+)$/.exec(block.kind)?.[1]
    if (block.page === page && name !== undefined) await Bun.write(join(folder, name), block.text)
  }
}

describe('configurations in the guides', () => {
  test.each(named('yaml tollgate'))('%s is one that `tollgate check` accepts', async (_, block) => {
    await writeFilesOf(block.page)
    await Bun.write(join(folder, 'tollgate.yaml'), block.text)
    const check = Bun.spawnSync(['node', LAUNCHER, 'check'], { cwd: folder, env: DEMO_ENVIRONMENT })
    expect(check.stderr.toString()).toBe('')
    expect(check.exitCode).toBe(0)
  })
})

describe('programs in the guides', () => {
  test.each(named('ts run'))('%s runs and prints what it says', async (_, block) => {
    const path = join(folder, 'sample.ts')
    const text = block.text.replaceAll(/from 'tollgate(\/node)?'/g, (_match, part?: string) =>
      part === undefined ? `from '${ENTRY}'` : `from '${NODE_ENTRY}'`,
    )
    await Bun.write(path, text)
    const run = Bun.spawnSync([process.execPath, path], { cwd: folder, env: DEMO_ENVIRONMENT })
    expect(run.stderr.toString()).toBe('')
    expect(run.exitCode).toBe(0)
    const shown = shownAfter(block)
    if (shown !== undefined) expect(run.stdout.toString()).toBe(shown)
  })
})

/** What the commands of the guides call; Bun's SQLite stands in where the machine has no `sqlite3`. */
const SHELL_FUNCTIONS = `
tollgate() { node '${LAUNCHER}' "$@"; }
command -v sqlite3 > /dev/null || sqlite3() {
  '${process.execPath}' -e 'new (require("bun:sqlite").Database)(process.argv[1]).run(process.argv[2])' "$@"
}`

describe('commands in the guides', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>
  beforeAll(async () => {
    demo = await startDemo(folder)
  }, 20_000)
  afterAll(async () => {
    await demo.stop()
  })

  test.each(named('sh run'))(
    '%s works beside the demo',
    async (_, block) => {
      const script = `${SHELL_FUNCTIONS}\n${block.text}`
      const shell = Bun.spawn(['bash', '-e', '-o', 'pipefail', '-c', script], {
        cwd: folder,
        env: DEMO_ENVIRONMENT,
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [said, complaints] = await Promise.all([
        new Response(shell.stdout).text(),
        new Response(shell.stderr).text(),
      ])
      expect(await shell.exited, `${said}\n${complaints}`).toBe(0)
    },
    30_000,
  )
})

/** The anchor that a heading gets: lowercase, spaces as hyphens, other signs left out. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''))

test('links to sections lead somewhere, as do those of the pages beside the README', () => {
  const beside = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']
  const broken = [...beside, ...pages.map((page) => `docs/guides/${page}`)].flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#')
        const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path)
        if (!existsSync(file)) return true
        return anchor !== undefined && !anchorsOf(file).includes(anchor)
      })
      .map((link) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})
