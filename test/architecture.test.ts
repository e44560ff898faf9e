import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, cyclesOf, filesOf, readImports } from './imports.fixture.ts'

/** The floors of the design: imports point down only, and siblings on a floor never meet. */
const FLOORS: Readonly<Record<string, number>> = {
  bin: 5,
  server: 5,
  adapters: 5,
  lab: 5,
  index: 5,
  gate: 4,
  identity: 3,
  limits: 3,
  shield: 3,
  policy: 3,
  upstream: 3,
  ledger: 3,
  metering: 3,
  flags: 3,
  webhooks: 3,
  signals: 3,
  cache: 2,
  storage: 1,
  core: 0,
  examples: 0,
  rego: 0,
}

/** Pairs on one floor that may meet: the command line starts the server, which opens the doors, or the lab. */
const SIBLINGS_THAT_MEET = new Set(['bin server', 'bin lab', 'server adapters'])

/** Where Bun's own modules may be imported; everything else also runs on Node. */
const BUN_ONLY = [/^src\/server\//, /^src\/storage\/sqlite\//, /^bin\//, /^bench\//, /^examples\//]

/** Parts of a folder that are much to load and not always needed have an entry of their own. */
const SECOND_ENTRIES = new Set([
  'src/policy/with-rego.ts',
  'src/rego/patterns.ts',
  'src/cache/configuration.ts',
])

const files = filesOf('{src,bin}/**/*.ts')
const imports = files.flatMap(readImports)

/** The folder under `src/` (or `bin`, or `index` for the package's entry) that a file lives in. */
function roomOf(file: string): string {
  const [top, room = ''] = file.split('/')
  return top === 'src' ? room.replace(/\.ts$/, '') : (top ?? '')
}

const inside = imports.flatMap(({ target, ...rest }) =>
  target?.endsWith('.ts') === true ? [{ ...rest, target }] : [],
)

describe('architecture', () => {
  test('there is something to check', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(inside.length).toBeGreaterThan(100)
  })

  test('every folder has a floor', () => {
    expect(files.map(roomOf).filter((room) => FLOORS[room] === undefined)).toEqual([])
  })

  test('imports point down, and siblings never meet', () => {
    const wrong = inside.filter(({ from, target }) => {
      const [above, below] = [roomOf(from), roomOf(target)]
      if (above === below || SIBLINGS_THAT_MEET.has(`${above} ${below}`)) return false
      return (FLOORS[above] ?? -1) <= (FLOORS[below] ?? 9)
    })
    expect(wrong).toEqual([])
  })

  test('a gate starts without Rego, without the admin API and without the cache of responses', () => {
    const loaded = new Set(['src/server/serve.ts', 'src/server/demo.ts'])
    for (const file of loaded) {
      for (const { from, target, typeOnly, lazy } of inside) {
        if (from === file && !typeOnly && !lazy) loaded.add(target)
      }
    }
    expect(loaded.size).toBeGreaterThan(100)
    const heavy = [...loaded].filter((file) =>
      /^src\/(rego\/(?!patterns)|server\/admin\/app|cache\/(?!configuration|http\/config))/.test(
        file,
      ),
    )
    expect(heavy).toEqual([])
  })

  test('from outside, a folder is reached through its index (core excepted)', () => {
    const deep = inside.filter(({ from, target }) => {
      const room = roomOf(target)
      if (room === roomOf(from) || room === 'core' || room === 'index') return false
      if (roomOf(from) === 'bin' && room === 'server') return false
      if (room === 'lab') return target !== 'lab/cli/index.ts'
      if (room === 'examples') return !/^examples\/[a-z]+\/server\.ts$/.test(target)
      return target !== `src/${room}/index.ts` && !SECOND_ENTRIES.has(target)
    })
    expect(deep).toEqual([])
  })

  test('no file imports itself through others, types apart', () => {
    expect(cyclesOf(imports)).toEqual([])
  })

  test('only the server and marked adapters touch Bun', () => {
    const touching = files.filter((file) => {
      if (BUN_ONLY.some((allowed) => allowed.test(file))) return false
      const source = readFileSync(join(ROOT, file), 'utf8')
      const names = imports.filter((entry) => entry.from === file).map((entry) => entry.specifier)
      const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      return names.some((name) => /^bun(:|$)/.test(name)) || /\bBun\./.test(code)
    })
    expect(touching).toEqual([])
  })

  test('time and chance are handed in below the server', () => {
    const allowed = /^(src\/(server|rego\/builtins|core\/(clock|random)\.ts)|bin\/)/
    const offending = files.filter((file) => {
      if (allowed.test(file)) return false
      const code = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      return /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)/.test(code)
    })
    expect(offending).toEqual([])
  })

  test('there is no `export *` and no default export below bin', () => {
    const stars = files.filter((file) =>
      /^export \* from|^export default /m.test(readFileSync(join(ROOT, file), 'utf8')),
    )
    expect(stars).toEqual([])
  })
})
