import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import type { Box, Scene } from './scene.ts'
import { sceneSchema } from './scene.ts'

/** What is known about a scene file. */
export interface SceneFile {
  /** Relative to the library, with `/`. */
  readonly path: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly objects: number
  readonly zones: number
  readonly bounds: Box
  readonly bytes: number
  readonly modifiedAt: string
  readonly sha256: string
}

/** What a scan of the folder found. */
export interface Scan {
  /** Ordered by path. */
  readonly scenes: readonly SceneFile[]
  /** Files that are not scenes. */
  readonly broken: readonly string[]
}

/** A folder of scene files. */
export interface SceneLibrary {
  /** Scans the folder; files that did not change since the last scan are not read again. */
  scan(): Promise<Scan>
  /** The scene of a listed file, or `undefined`. */
  read(path: string): Promise<Scene | undefined>
}

const FILES_MAX = 1000
const FILE_BYTES_MAX = 4 * 1_048_576

interface Known {
  readonly bytes: number
  readonly modifiedMs: number
  readonly file: SceneFile | undefined
}

/** Opens a folder of scene files; nothing outside it can be read. */
export function openSceneLibrary(folder: string): SceneLibrary {
  let known: ReadonlyMap<string, Known> = new Map()
  const examine = async (path: string): Promise<Known> => {
    const { size: bytes, mtimeMs: modifiedMs, mtime } = await stat(join(folder, path))
    const before = known.get(path)
    if (before?.bytes === bytes && before.modifiedMs === modifiedMs) return before
    const loaded = bytes > FILE_BYTES_MAX ? undefined : await load(join(folder, path))
    return { bytes, modifiedMs, file: loaded && describe(path, loaded, mtime) }
  }
  return {
    async scan() {
      const paths = await listPaths(folder)
      const examined = await Promise.all(
        paths.map(async (path) => [path, await examine(path)] as const),
      )
      known = new Map(examined)
      return {
        scenes: examined.flatMap(([, { file }]) => (file === undefined ? [] : [file])),
        broken: examined.flatMap(([path, { file }]) => (file === undefined ? [path] : [])),
      }
    },
    async read(path) {
      // Only files in a listing of the folder are opened, so a path cannot lead out of it.
      if (!(await listPaths(folder)).includes(path)) return undefined
      return (await load(join(folder, path)))?.scene
    },
  }
}

/** Symbolic links do not count as files, so they cannot lead out of the folder either. */
async function listPaths(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, '/'))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .slice(0, FILES_MAX)
}

interface Loaded {
  readonly content: Buffer
  readonly scene: Scene
}

async function load(file: string): Promise<Loaded | undefined> {
  const content = await readFile(file)
  const parsed = sceneSchema.safeParse(parseJson(content.toString('utf8')))
  return parsed.success ? { content, scene: parsed.data } : undefined
}

const describe = (path: string, { content, scene }: Loaded, modified: Date): SceneFile => ({
  path,
  name: basename(path),
  title: scene.title,
  description: scene.description,
  tags: scene.tags,
  objects: scene.objects.length,
  zones: scene.zones.length,
  bounds: scene.bounds,
  bytes: content.byteLength,
  modifiedAt: modified.toISOString(),
  sha256: createHash('sha256').update(content).digest('hex'),
})

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
