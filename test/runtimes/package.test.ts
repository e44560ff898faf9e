import { expect, test } from 'bun:test'
import { z } from 'zod'
import { readImports, ROOT } from '../imports.fixture.ts'

/** What `npm publish` would send. */
const listing = z.array(z.object({ files: z.array(z.object({ path: z.string() })) }))

function packed(): readonly string[] {
  const pack = Bun.spawnSync(['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
  })
  if (pack.exitCode !== 0) throw new Error(pack.stderr.toString())
  const [entry] = listing.parse(JSON.parse(pack.stdout.toString()))
  return entry?.files.map(({ path }) => path) ?? []
}

test('the package holds every file that one of its files imports, and no tests', () => {
  const files = packed()
  const has = new Set(files)
  for (const needed of ['bin/tollgate.mjs', 'LICENSE', 'README.md', 'schema/v1.json']) {
    expect(has).toContain(needed)
  }
  const sources = files.filter((file) => /^(?:bin|examples|lab|src)\/.*\.ts$/.test(file))
  expect(sources.length).toBeGreaterThan(500)
  const missing = sources
    .flatMap(readImports)
    .filter(({ target }) => target !== undefined && !has.has(target))
  expect(missing).toEqual([])
  const development = /\.(?:test|fixture)\.ts$|(?:^|\/)(?:bench|contract|__snapshots__|test)\//
  expect(files.filter((file) => development.test(file))).toEqual([])
}, 120_000)
