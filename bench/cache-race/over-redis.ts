import { wallMs } from './protocol.ts'
import type { Instance, Rig } from './rig.ts'
import { startRig } from './rig.ts'

/** The result of the race over Redis. */
export interface SharedRaceReport {
  readonly instances: number
  readonly rounds: number
  /**
   * Rounds in which an ALLOW was given after a DENY, or later than the bound. Time in which an instance got no
   * processor does not count.
   */
  readonly staleAllows: number
  /** From the moment the truth changed until the last ALLOW of any instance; milliseconds. */
  readonly revokedWithinMs: {
    readonly p50: number
    readonly p99: number
    readonly max: number
  }
  /** Revocations for which the publisher could not confirm that every instance knows. */
  readonly untold: number
  readonly counts: readonly Readonly<Record<string, number>>[]
}

/** Options of the race over Redis. */
export interface SharedRaceOptions {
  readonly instances: number
  readonly rounds: number
  /** Simultaneous rounds. */
  readonly atOnce: number
  readonly silenceMs: number
  /** An ALLOW later than this after the truth changed is stale. */
  readonly boundMs: number
  /** Kills Redis after a third of the rounds and starts it again, empty, after this long. */
  readonly killForMs?: number
}

const LOAD_MS_MAX = 8

/** Races revocations against loads in flight, in several processes over one Redis. */
export async function raceOverRedis(options: SharedRaceOptions): Promise<SharedRaceReport> {
  const { instances, rounds, atOnce, boundMs, killForMs } = options
  const rig = await startRig(instances, options.silenceMs, LOAD_MS_MAX)
  const found = { staleAllows: 0, untold: 0, withinMs: [] as number[] }
  let next = 0
  let outage: Promise<void> | undefined
  const work = async (): Promise<void> => {
    while (next < rounds) {
      const round = (next += 1)
      if (killForMs !== undefined && round > rounds / 3) outage ??= interrupt(rig, killForMs)
      await runRound(rig, round, boundMs, found)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await outage
  const counts = await Promise.all(rig.instances.map((one) => one.tell({ kind: 'stats' })))
  await rig.end()
  const sorted = found.withinMs.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return Math.round(value * 10) / 10
  }
  return {
    instances,
    rounds,
    staleAllows: found.staleAllows,
    revokedWithinMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    untold: found.untold,
    counts: counts.map((reply) => reply.counts ?? {}),
  }
}

/** Kills Redis and starts it again. */
async function interrupt(rig: Rig, killForMs: number): Promise<void> {
  await rig.redis.kill()
  await Bun.sleep(killForMs)
  await rig.redis.restart()
}

/** Revokes two keys: one that all instances have cached, and one whose loads are in flight. */
async function runRound(
  rig: Rig,
  round: number,
  boundMs: number,
  found: { staleAllows: number; untold: number; readonly withinMs: number[] },
): Promise<void> {
  const tag = `t${round}`
  const keys = [`${tag}/known`, `${tag}/slow`]
  const all = async <T>(run: (instance: Instance) => Promise<T>): Promise<T[]> =>
    Promise.all(rig.instances.map(run))
  await all((one) => one.tell({ kind: 'ask', keys: [keys[0]!] }))
  await all((one) => one.tell({ kind: 'begin', keys: [keys[1]!] }))
  await Bun.sleep(Math.random() * LOAD_MS_MAX)
  const missedMs = rig.turns.missedMs()
  rig.deny(tag)
  const revokedMs = wallMs()
  const revoker = rig.instances[round % rig.instances.length]!
  const told = revoker.tell({ kind: 'revoke', tag })
  const watched = await all((one) => one.tell({ kind: 'watch', keys }))
  if ((await told).isTold !== true) found.untold += 1
  const lastMs = Math.max(...watched.map(({ lastAllowMs = 0 }) => lastAllowMs))
  const withinMs = Math.max(0, lastMs - revokedMs)
  found.withinMs.push(withinMs)
  const isLate = withinMs - (rig.turns.missedMs() - missedMs) > boundMs
  // The loads in flight have ended; nothing that they stored may be an ALLOW.
  await Bun.sleep(LOAD_MS_MAX)
  const after = await all((one) => one.tell({ kind: 'ask', keys }))
  const isResurrected = after.some(({ allowed = [] }) => allowed.includes(true))
  if (isResurrected || isLate) found.staleAllows += 1
}
