import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Glob } from 'bun'
import { parseSync } from 'oxc-parser'

export const ROOT = resolve(import.meta.dir, '..')

export interface Import {
  readonly from: string
  readonly specifier: string
  /** The file it leads to, relative to the root; `undefined` for packages. */
  readonly target: string | undefined
  /** Whether only types are imported: such an import is gone at run time. */
  readonly typeOnly: boolean
  /** Whether it is loaded when it is needed, by `import()`. */
  readonly lazy: boolean
}

/** The program's own files that match, without tests and what only tests import. */
export function filesOf(pattern: string): string[] {
  return [...new Glob(pattern).scanSync(ROOT)]
    .filter((file) => !/\.(test|fixture)\.ts$|\/test-(kit|rig)\.ts$|\/contract\//.test(file))
    .filter((file) => !file.includes('node_modules/'))
    .toSorted()
}

/** Every import and re-export of a file, read by a parser. */
export function readImports(file: string): Import[] {
  const parsed = parseSync(file, readFileSync(join(ROOT, file), 'utf8'))
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0]?.message}`)
  const { staticImports, staticExports, dynamicImports } = parsed.module
  const source = readFileSync(join(ROOT, file), 'utf8')
  const found = [
    ...staticImports.map(({ moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
      lazy: false,
    })),
    ...staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest === null
          ? []
          : { specifier: moduleRequest.value, typeOnly: isType, lazy: false },
      ),
    ),
    ...dynamicImports.flatMap(({ moduleRequest }) => {
      const text = source.slice(moduleRequest.start, moduleRequest.end)
      return /^['"]/.test(text) ? { specifier: text.slice(1, -1), typeOnly: false, lazy: true } : []
    }),
  ]
  return found.map(({ specifier, typeOnly, lazy }) => ({
    from: file,
    specifier,
    typeOnly,
    lazy,
    target: specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), specifier))
      : undefined,
  }))
}

/** Circles of imports that last to run time. */
export function cyclesOf(imports: readonly Import[]): string[][] {
  const lasting = imports.filter(({ typeOnly, target }) => !typeOnly && target !== undefined)
  const graph = Map.groupBy(lasting, ({ from }) => from)
  const done = new Set<string>()
  const cycles: string[][] = []
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file])
    if (path.includes(file) || done.has(file)) return
    for (const { target } of graph.get(file) ?? []) walk(target!, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return cycles
}
