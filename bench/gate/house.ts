import { createAllowListCounts, createLive, createNouns } from '../../src/gate/index.ts'
import type { Gate, GatewayConfig, Nouns, World } from '../../src/gate/index.ts'
import { openDataFolder, readPeppers } from '../../src/server/data-folder.ts'
import type { Storage } from '../../src/server/storage.ts'
import { openStorage } from '../../src/server/storage.ts'
import { createWorld } from '../../src/server/world.ts'
import type { Layers, RequestKind } from './arms.ts'
import { configOf, ROLE } from './configuration.ts'

const TENANTS = 50
const KEYS_AT_ONCE = 2000

/** What the gate of an arm is built on: a real data folder. */
export interface House {
  readonly folder: string
  readonly storage: Storage
  readonly nouns: Nouns
  readonly world: World
}

/** How a house differs from the product's defaults. */
export interface HouseOptions {
  readonly folder: string
  /** How long a known credential is trusted, milliseconds. */
  readonly cacheAgeMs?: number
  /** Limit of the indexes of the audit log, bytes. */
  readonly indexBytes?: number
}

/** Opens storage in a folder, with all nouns on it. */
export async function openHouse({ folder, cacheAgeMs, indexBytes }: HouseOptions): Promise<House> {
  const base = configOf(folder, 'post', {})
  const cache = { ...base.identity.cache, ...(cacheAgeMs !== undefined && { ageMax: cacheAgeMs }) }
  const audit = { ...base.audit, ...(indexBytes !== undefined && { indexMemory: indexBytes }) }
  const config = { ...base, audit, identity: { ...base.identity, cache } }
  const world = createWorld(config.signals)
  const data = openDataFolder(folder)
  const peppers = readPeppers(data, world.random)
  const storage = await openStorage(config, data, world.clock)
  const nouns = await createNouns(config, storage, peppers, world)
  return { folder, storage, nouns, world }
}

/** Writes everything down. */
export async function closeHouse({ nouns, storage }: House): Promise<void> {
  await nouns.close()
  await storage.close()
}

/** Makes keys through the real service; returns their secrets. */
export async function makeKeys({ nouns }: House, count: number): Promise<readonly string[]> {
  const { tenants, keys } = nouns.identity
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    await tenants.create({ id: `ten_${tenant}`, name: `Tenant ${tenant}` })
  }
  const secrets: string[] = []
  for (let from = 0; from < count; from += KEYS_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(KEYS_AT_ONCE, count - from) },
      (_, at) => from + at,
    )
    const made = await Promise.all(
      numbers.map(async (at) =>
        keys.create(`ten_${at % TENANTS}`, { name: `key ${at}`, roles: [ROLE] }),
      ),
    )
    for (const key of made) {
      if (!key.ok) throw new Error(`a key could not be made: ${key.refusal.code}`)
      secrets.push(key.value.secret)
    }
  }
  return secrets
}

/** The gate of an arm, and the configuration it has. */
export function createGateOf(
  house: House,
  kind: RequestKind,
  layers: Layers,
): { readonly gate: Gate; readonly config: GatewayConfig } {
  const config = configOf(house.folder, kind, layers)
  const made = createLive(config, {
    nouns: house.nouns,
    counters: house.storage.counters,
    allowLists: createAllowListCounts(),
    world: house.world,
    fallback: () => undefined,
  })
  if (!made.ok) throw new Error(made.problems.map(({ message }) => message).join('; '))
  return { gate: made.live.gate, config }
}
