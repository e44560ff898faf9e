import type { FSWatcher } from 'node:fs'
import { statSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { messageOf } from '../core/error-message.ts'
import type { Logger } from '../signals/index.ts'

const QUIET_MS = 100
const AGAIN_MS = 1000
const MOVED = new Error('its folder was moved or removed')

/**
 * Calls `onChange` when a file changes, until the returned function is called. Editors replace files, so the folder is
 * watched; a burst of events counts as one change. If the folder cannot be watched, because it is gone or the system
 * has no watches left, the gate logs this and tries again every second.
 */
export function watchFile(
  path: string,
  onChange: () => void,
  logger: Pick<Logger, 'info' | 'warn'>,
): () => void {
  const folder = dirname(resolve(path))
  const name = basename(path)
  let watcher: FSWatcher | undefined
  let quiet: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let isLost = false

  const changed = (): void => {
    clearTimeout(quiet)
    quiet = setTimeout(onChange, QUIET_MS)
  }
  const lose = (error: unknown): void => {
    watcher?.close()
    watcher = undefined
    if (!isLost) {
      logger.warn('the configuration is not watched: reload it after a change', {
        reason: messageOf(error),
      })
    }
    isLost = true
    clearTimeout(again)
    again = setTimeout(begin, AGAIN_MS)
  }
  const begin = (): void => {
    try {
      const { ino } = statSync(folder)
      watcher = watch(folder, (_event, entry) => {
        if (entry === name) changed()
        // A watch follows its folder when that is moved.
        else if (entry === basename(folder) && inodeOf(folder) !== ino) lose(MOVED)
      })
    } catch (error) {
      return lose(error)
    }
    watcher.on('error', lose)
    if (!isLost) return
    isLost = false
    logger.info('the configuration is watched again')
    // The file may have changed meanwhile.
    changed()
  }

  begin()
  return () => {
    clearTimeout(quiet)
    clearTimeout(again)
    watcher?.close()
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino
