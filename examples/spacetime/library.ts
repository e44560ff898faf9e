import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Scene } from './scene.ts'
import { sceneSchema } from './scene.ts'

/** What is known about a scene file. */
export interface SceneFile {
  /** Relative to the library, with `/`. */
  readonly path: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly objects: number
  readonly bytes: number
  readonly modifiedAt: string
  readonly sha256: string
}

/** A folder of scene files. */
export interface SceneLibrary {
  /** Reads the whole folder anew; files that are no scenes are named in `broken`. */
  list(): Promise<{ readonly scenes: readonly SceneFile[]; readonly broken: readonly string[] }>
  /** The scene of a listed file, or `undefined`. */
  read(path: string): Promise<Scene | undefined>
}

/** Opens a folder of scene files; nothing outside it can be read. */
export function openSceneLibrary(folder: string): SceneLibrary {
  const paths = async (): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .map((path) => path.replaceAll(sep, '/'))
      .toSorted((a, b) => a.localeCompare(b))
  }
  const load = async (path: string): Promise<{ text: string; scene: Scene } | undefined> => {
    const text = await readFile(join(folder, path), 'utf8')
    const parsed = sceneSchema.safeParse(parseJson(text))
    return parsed.success ? { text, scene: parsed.data } : undefined
  }
  return {
    async list() {
      const scenes: SceneFile[] = []
      const broken: string[] = []
      for (const path of await paths()) {
        const [loaded, info] = await Promise.all([load(path), stat(join(folder, path))])
        if (loaded === undefined) broken.push(path)
        else scenes.push(describe(path, loaded.text, loaded.scene, info.mtime))
      }
      return { scenes, broken }
    },
    async read(path) {
      // Only what the scan found is opened, so a path cannot lead out of the folder.
      if (!(await paths()).includes(path)) return undefined
      return (await load(path))?.scene
    },
  }
}

function describe(path: string, text: string, scene: Scene, modified: Date): SceneFile {
  return {
    path,
    title: scene.title,
    description: scene.description,
    tags: scene.tags,
    objects: scene.objects.length,
    bytes: Buffer.byteLength(text),
    modifiedAt: modified.toISOString(),
    sha256: createHash('sha256').update(text).digest('hex'),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
