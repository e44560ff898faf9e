import type { FSWatcher } from 'node:fs'
import { statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** A burst of events counts as one change. */
const QUIET_MS = 100

/**
 * Calls back shortly after something changed in a folder, or in the folder of a file: editors replace files, and
 * mounted files are replaced through a link of their folder. Returns a function that stops watching.
 */
export function watchPaths(paths: readonly string[], onChange: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(onChange, QUIET_MS)
  }
  const places = new Map<string, boolean>()
  for (const path of paths) {
    if (isFolder(path)) places.set(resolve(path), true)
    else places.set(dirname(resolve(path)), places.get(dirname(resolve(path))) ?? false)
  }
  const watchers = [...places].flatMap(([place, recursive]) => open(place, recursive, soon))
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

/** A path that cannot be watched is read again when the configuration is reloaded. */
function open(place: string, recursive: boolean, onEvent: () => void): FSWatcher[] {
  try {
    const watcher = watch(place, { recursive }, onEvent)
    watcher.on('error', () => undefined)
    watcher.unref()
    return [watcher]
  } catch {
    return []
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
