import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What was written when the folder was last opened or closed. */
interface State {
  readonly format: number
  /** Identifies the boot of the machine. */
  readonly bootId: string
  /** Whether everything was on disk when it was closed. */
  readonly isClean: boolean
  readonly pid: number
  /** Identifies the start of the program that used it. */
  readonly run?: string | undefined
}

/** Who opens a folder. */
export interface Opening {
  readonly bootId: string
  readonly pid: number
  readonly isAlive: (pid: number) => boolean
  readonly run: { readonly previousId: string | undefined } | undefined
}

/** Changes when older or newer programs cannot read the records. */
const FORMAT = 2

/**
 * Identifies the boot of the machine. What a killed process had written is complete until the next boot, because the
 * operating system holds it. Empty where the system does not say.
 */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** Whether the contents of the folder can be relied on, or which process is using it. */
export type FolderState = 'reliable' | 'unreliable' | { readonly usedBy: number }

/** Opening a folder takes milliseconds; a process that takes much longer has been killed. */
const OPENING_TRIES = 100
const OPENING_RETRY_MS = 20

/**
 * Checks how a folder was left and records which process uses it from now on. Only one process can: of two that start
 * at the same moment, one finds the folder in use.
 *
 * @param clear removes what is not relied on
 */
export async function claimFolder(
  folder: string,
  opening: Opening & { readonly runId?: string | undefined },
  clear: () => Promise<void>,
): Promise<FolderState> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const mark = join(folder, 'opening')
  await markOpening(mark)
  try {
    const state = await inspectFolder(folder, opening)
    if (typeof state === 'object') return state
    if (state === 'unreliable') await clear()
    const { bootId, pid, runId } = opening
    await writeState(folder, { bootId, isClean: false, pid, run: runId })
    return state
  } finally {
    await rm(mark, { force: true })
  }
}

async function markOpening(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    if (tries % OPENING_TRIES === 0) await rm(path, { force: true })
    else await new Promise((resolve) => setTimeout(resolve, OPENING_RETRY_MS))
  }
}

/**
 * Checks how a folder was left. Without fsync, a crash of the machine may lose any write, records of invalidations
 * included, so nothing that was written before the crash is relied on.
 */
async function inspectFolder(
  folder: string,
  { bootId, pid, isAlive, run }: Opening,
): Promise<FolderState> {
  const state = await readState(folder)
  if (state === undefined || state.format !== FORMAT) return 'unreliable'
  const isSameBoot = bootId !== '' && state.bootId === bootId
  if (isSameBoot && !state.isClean && state.pid !== pid && isAlive(state.pid)) {
    return { usedBy: state.pid }
  }
  if (run !== undefined && state.run !== run.previousId) return 'unreliable'
  return isSameBoot || state.isClean ? 'reliable' : 'unreliable'
}

/** Records that the folder is in use, or that all of it is on disk; the record is on disk when this resolves. */
export async function writeState(folder: string, state: Omit<State, 'format'>): Promise<void> {
  const path = join(folder, 'state.json')
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify({ format: FORMAT, ...state }))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function readState(folder: string): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as State | null
    return state ?? undefined
  } catch {
    return undefined
  }
}
