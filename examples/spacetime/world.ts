import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Vector3 } from './scene.ts'
import { vector3 } from './scene.ts'

/** A scene that was loaded: which, when, and by whom. */
export interface Visit {
  readonly path: string
  readonly at: string
  readonly by: string
}

/** Where a player stands. */
export interface PlayerPosition {
  readonly position: Vector3
  readonly at: string
}

/** What the world remembers between starts. */
export interface World {
  readonly current: Visit | undefined
  /** Loads of scenes, newest first. */
  history(limit: number): readonly Visit[]
  load(visit: Visit): void
  /** Notes a player's position; `false` when there are too many players. */
  move(player: string, where: PlayerPosition): boolean
  player(name: string): PlayerPosition | undefined
  readonly players: number
  /** Writes positions that are not on disk yet. */
  flush(): void
}

const PLAYERS_MAX = 10_000
const HISTORY_MAX = 1000

const visitSchema = z.strictObject({ path: z.string(), at: z.string(), by: z.string() })
const playersSchema = z.record(z.string(), z.strictObject({ position: vector3, at: z.string() }))

/** Opens the memory of a world in a folder, which is made when absent. */
export function openWorld(folder: string): World {
  mkdirSync(folder, { recursive: true })
  const historyFile = join(folder, 'history.ndjson')
  const playersFile = join(folder, 'players.json')
  const visits = readVisits(historyFile)
  const players = readPlayers(playersFile)
  let changed = false
  return {
    get current() {
      return visits.at(-1)
    },
    get players() {
      return players.size
    },
    history: (limit) => visits.slice(-limit).reverse(),
    load(visit) {
      appendFileSync(historyFile, `${JSON.stringify(visit)}\n`)
      visits.push(visit)
      if (visits.length > HISTORY_MAX) visits.shift()
    },
    move(player, where) {
      if (!players.has(player) && players.size >= PLAYERS_MAX) return false
      players.set(player, where)
      changed = true
      return true
    },
    player: (name) => players.get(name),
    flush() {
      if (!changed) return
      changed = false
      writeFileSync(`${playersFile}.new`, JSON.stringify(Object.fromEntries(players)))
      renameSync(`${playersFile}.new`, playersFile)
    },
  }
}

/** A line that a crash left torn is skipped, and ended so that the next begins on its own. */
function readVisits(file: string): Visit[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  if (text !== '' && !text.endsWith('\n')) appendFileSync(file, '\n')
  return text
    .split('\n')
    .flatMap((line) => {
      const visit = visitSchema.safeParse(parseJson(line))
      return visit.success ? [visit.data] : []
    })
    .slice(-HISTORY_MAX)
}

function readPlayers(file: string): Map<string, PlayerPosition> {
  if (!existsSync(file)) return new Map()
  const players = playersSchema.safeParse(parseJson(readFileSync(file, 'utf8')))
  return new Map(players.success ? Object.entries(players.data) : [])
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
