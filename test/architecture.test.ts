import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Glob } from 'bun'
import { parseSync } from 'oxc-parser'

const ROOT = resolve(import.meta.dir, '..')

/** The floors of the design: imports point down only, and siblings on a floor never meet. */
const FLOORS: Readonly<Record<string, number>> = {
  bin: 5,
  server: 5,
  adapters: 5,
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

/** Pairs on one floor that may meet: the command line starts the server, which opens the doors. */
const SIBLINGS_THAT_MEET = new Set(['bin server', 'server adapters'])

/** Where Bun's own modules may be imported; everything else also runs on Node. */
const BUN_ONLY = [/^src\/server\//, /^src\/storage\/sqlite\//, /^bin\//, /^bench\//, /^examples\//]

interface Import {
  readonly from: string
  readonly specifier: string
  /** The file it leads to, relative to the root; `undefined` for packages. */
  readonly target: string | undefined
  /** Whether only types are imported: such an import is gone at run time. */
  readonly typeOnly: boolean
}

const files = [...new Glob('{src,bin}/**/*.ts').scanSync(ROOT)]
  .filter((file) => !/\.(test|fixture)\.ts$|\/test-(kit|rig)\.ts$|\/contract\//.test(file))
  .toSorted()
const imports = files.flatMap(readImports)

function readImports(file: string): Import[] {
  const parsed = parseSync(file, readFileSync(join(ROOT, file), 'utf8'))
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]?.message}`)
  const { staticImports, staticExports, dynamicImports } = parsed.module
  const source = readFileSync(join(ROOT, file), 'utf8')
  const found = [
    ...staticImports.map(({ moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    })),
    ...staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest === null ? [] : { specifier: moduleRequest.value, typeOnly: isType },
      ),
    ),
    ...dynamicImports.flatMap(({ moduleRequest }) => {
      const text = source.slice(moduleRequest.start, moduleRequest.end)
      return /^['"]/.test(text) ? { specifier: text.slice(1, -1), typeOnly: false } : []
    }),
  ]
  return found.map(({ specifier, typeOnly }) => ({
    from: file,
    specifier,
    typeOnly,
    target: specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), specifier))
      : undefined,
  }))
}

/** The folder under `src/` (or `bin`, or `index` for the package's entry) that a file lives in. */
function roomOf(file: string): string {
  const [top, room = ''] = file.split('/')
  return top === 'src' ? room.replace(/\.ts$/, '') : (top ?? '')
}

const inside = imports.flatMap(({ from, target, typeOnly }) =>
  target?.endsWith('.ts') === true ? [{ from, target, typeOnly }] : [],
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

  test('from outside, a folder is reached through its index (core excepted)', () => {
    const deep = inside.filter(({ from, target }) => {
      const room = roomOf(target)
      if (room === roomOf(from) || room === 'core' || room === 'index') return false
      if (roomOf(from) === 'bin' && room === 'server') return false
      if (room === 'examples') return !/^examples\/[a-z]+\/server\.ts$/.test(target)
      return target !== `src/${room}/index.ts`
    })
    expect(deep).toEqual([])
  })

  test('no file imports itself through others, types apart', () => {
    const lasting = inside.filter(({ typeOnly }) => !typeOnly)
    const graph = Map.groupBy(lasting, ({ from }) => from)
    const done = new Set<string>()
    const cycles: string[][] = []
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file])
      if (path.includes(file) || done.has(file)) return
      for (const { target } of graph.get(file) ?? []) walk(target, [...path, file])
      done.add(file)
    }
    for (const file of files) walk(file, [])
    expect(cycles).toEqual([])
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
