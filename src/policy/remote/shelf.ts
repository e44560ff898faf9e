import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** A bundle as fetched: a whole one, and the changes that followed it. */
export interface ShelvedBundle {
  readonly url: string
  /** The server's ETag for this state; absent if it sent none. */
  readonly etag: string | undefined
  /** Milliseconds since the epoch. */
  readonly fetchedAtMs: number
  readonly archives: readonly Uint8Array[]
}

/** Where the newest good bundles are kept, so that the gate can decide after a restart even if their server is down. */
export interface BundleShelf {
  /** The bundle kept under a name; `undefined` when there is none, or it is damaged. */
  load(name: string): ShelvedBundle | undefined
  /** Replaces the bundle kept under a name, completely or not at all. */
  save(name: string, bundle: ShelvedBundle): Promise<void>
}

const headerShape = z.object({
  url: z.string(),
  etag: z.string().optional(),
  fetchedAtMs: z.number(),
  sizes: z.array(z.int().min(0)),
  digest: z.string(),
})

const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY_FILE = 0o600
const LINE_FEED = 0x0a

/** A shelf in memory, lost when the process ends. */
export function createMemoryShelf(): BundleShelf {
  const bundles = new Map<string, ShelvedBundle>()
  return {
    load: (name) => bundles.get(name),
    save(name, bundle) {
      bundles.set(name, bundle)
      return Promise.resolve()
    },
  }
}

/**
 * A shelf in a folder, which is created when something is saved. Each bundle is one file: a line of JSON, then the
 * archives as received, signatures included, so that they are verified again when loaded.
 */
export function createFolderShelf(folder: string): BundleShelf {
  const pathOf = (name: string): string => join(folder, `${name}.bundle`)
  let saves = 0
  return {
    load(name) {
      let bytes: Uint8Array
      try {
        bytes = readFileSync(pathOf(name))
      } catch {
        return undefined
      }
      return parse(bytes)
    },
    async save(name, bundle) {
      await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER })
      const temporary = `${pathOf(name)}.${process.pid}.${(saves += 1)}.new`
      try {
        const file = await open(temporary, 'w', OWNER_ONLY_FILE)
        try {
          await file.writev(render(bundle))
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(temporary, pathOf(name))
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    },
  }
}

function render({ url, etag, fetchedAtMs, archives }: ShelvedBundle): Uint8Array[] {
  const sizes = archives.map((archive) => archive.length)
  const header = { url, etag, fetchedAtMs, sizes, digest: digestOf(archives) }
  return [Buffer.from(`${JSON.stringify(header)}\n`), ...archives]
}

function parse(bytes: Uint8Array): ShelvedBundle | undefined {
  const end = bytes.indexOf(LINE_FEED)
  const header = parseHeader(Buffer.from(bytes.subarray(0, end)).toString())
  if (end === -1 || header === undefined) return undefined
  let at = end + 1
  const archives = header.sizes.map((size) => bytes.subarray(at, (at += size)))
  if (at !== bytes.length || digestOf(archives) !== header.digest) return undefined
  return { url: header.url, etag: header.etag, fetchedAtMs: header.fetchedAtMs, archives }
}

function parseHeader(text: string): z.output<typeof headerShape> | undefined {
  try {
    return headerShape.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function digestOf(archives: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const archive of archives) hash.update(archive)
  return hash.digest('hex')
}
