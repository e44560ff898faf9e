import { createCache, permissionKind } from '../../src/cache/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { systemRandom } from '../../src/core/random.ts'

/** The result of the race in one process. */
export interface LocalRaceReport {
  readonly rounds: number
  /** ALLOW answers to callers who asked after the revocation had been acknowledged. */
  readonly staleAllows: number
  /** Loads that were in flight while their key, tag or tenant was revoked. */
  readonly overtaken: number
}

const NAMES = ['key', 'tag', 'tenant'] as const

/** Races revocations (by key, tag and tenant in turn) against loads in flight, in one process. */
export async function raceInProcess(rounds: number): Promise<LocalRaceReport> {
  const permission = permissionKind<boolean>({ sizeOf: () => 8 })
  const cache = createCache({
    kinds: { permission },
    clock: systemClock,
    random: systemRandom,
  })
  let staleAllows = 0
  let overtaken = 0
  for (let round = 0; round < rounds; round += 1) {
    const tenant = `tenant${round}`
    const key = cache.kinds.permission.scope(tenant, { kind: 'caller', id: 'k' }).key('read')
    let isTrue = true
    let inFlight = 0
    const ask = async (): Promise<boolean> =>
      cache.kinds.permission.getOrLoad(key, async () => {
        const value = isTrue
        inFlight += 1
        for (let turn = 0; turn < (round * 7 + inFlight) % 5; turn += 1) await Promise.resolve()
        inFlight -= 1
        return { value, tags: [`tag${round}`] }
      })
    const before = [ask(), ask()]
    for (let turn = 0; turn < round % 6; turn += 1) await Promise.resolve()
    isTrue = false
    if (inFlight > 0) overtaken += 1
    const kind = NAMES[round % NAMES.length]!
    const name = { key: key.text, tag: `tag${round}`, tenant }[kind]
    const revoked = cache.invalidate({ kind, name })
    // The revocation holds when the call returns, before anything is awaited.
    const during = await ask()
    await revoked
    await Promise.all(before)
    const after = await ask()
    if (during || after || cache.kinds.permission.peek(key) === true) staleAllows += 1
  }
  cache.close()
  return { rounds, staleAllows, overtaken }
}
