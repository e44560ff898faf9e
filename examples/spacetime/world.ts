import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Vector3 } from './scene.ts'

/** A load of a scene: which scene, when, and by whom. */
export interface Visit {
  readonly path: string
  readonly at: string
  readonly by: string
}

/** The position of a player. */
export interface PlayerPosition {
  readonly position: Vector3
  readonly at: string
}

/** The state that the world keeps across restarts. When a function returns, its change is on disk. */
export interface World {
  readonly current: Visit | undefined
  /** Loads of scenes, newest first. */
  history(limit: number): readonly Visit[]
  load(visit: Visit): void
  /** Moves one of a caller's players; no caller can reach another caller's players. */
  move(caller: string, player: string, where: PlayerPosition): void
  find(caller: string, player: string): PlayerPosition | undefined
  readonly players: number
  close(): void
}

/** The most players that are kept; those that have not moved for longest are dropped. */
const PLAYERS_MAX = 10_000
/** The most loads that are kept; the oldest are dropped. */
const HISTORY_MAX = 1000

interface PlayerRow extends Vector3 {
  readonly at: string
}

/** Opens the state of a world in a folder, and creates the folder if absent. */
export function openWorld(folder: string): World {
  mkdirSync(folder, { recursive: true })
  const database = openDatabase(join(folder, 'world.db'))
  const newest = database.prepare<Visit, [number]>(
    'SELECT path, at, by FROM visits ORDER BY number DESC LIMIT ?',
  )
  const visit = database.prepare<unknown, [string, string, string]>(
    'INSERT INTO visits (path, at, by) VALUES (?, ?, ?)',
  )
  const forgetVisits = database.prepare<unknown, [number]>(
    'DELETE FROM visits WHERE number <= (SELECT max(number) FROM visits) - ?',
  )
  const move = database.prepare<unknown, [string, string, number, number, number, string]>(
    `INSERT OR REPLACE INTO players (caller, player, x, y, z, at) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const forgetPlayers = database.prepare<unknown, [number]>(
    `DELETE FROM players WHERE number IN
       (SELECT number FROM players ORDER BY number DESC LIMIT -1 OFFSET ?)`,
  )
  const find = database.prepare<PlayerRow, [string, string]>(
    'SELECT x, y, z, at FROM players WHERE caller = ? AND player = ?',
  )
  const total = database.prepare<{ count: number }, []>('SELECT count(*) AS count FROM players')
  return {
    get current() {
      return newest.get(1) ?? undefined
    },
    get players() {
      return total.get()?.count ?? 0
    },
    history: (limit) => newest.all(limit),
    load: database.transaction(({ path, at, by }: Visit): void => {
      visit.run(path, at, by)
      forgetVisits.run(HISTORY_MAX)
    }),
    move: database.transaction((caller: string, player: string, where: PlayerPosition): void => {
      const { x, y, z } = where.position
      move.run(caller, player, x, y, z, where.at)
      if ((total.get()?.count ?? 0) > PLAYERS_MAX) forgetPlayers.run(PLAYERS_MAX)
    }),
    find(caller, player) {
      const row = find.get(caller, player)
      if (row === null) return undefined
      const { x, y, z, at } = row
      return { position: { x, y, z }, at }
    },
    close: () => database.close(),
  }
}

/** Row numbers grow with each insert, replaced players included: they show who moved last. */
function openDatabase(path: string): Database {
  const database = new Database(path, { create: true, strict: true })
  database.run('PRAGMA journal_mode = WAL')
  database.run('PRAGMA synchronous = FULL')
  database.run(`CREATE TABLE IF NOT EXISTS visits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, at TEXT NOT NULL,
    by TEXT NOT NULL) STRICT`)
  database.run(`CREATE TABLE IF NOT EXISTS players (
    number INTEGER PRIMARY KEY AUTOINCREMENT, caller TEXT NOT NULL, player TEXT NOT NULL,
    x REAL NOT NULL, y REAL NOT NULL, z REAL NOT NULL, at TEXT NOT NULL,
    UNIQUE (caller, player)) STRICT`)
  return database
}
