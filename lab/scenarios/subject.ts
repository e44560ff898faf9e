import { z } from 'zod'
import type { ScenarioSpec, SetupContext } from '../scenario/index.ts'

/** What scenarios know about the server they run against: credentials that work there. */
export interface Subject {
  /** Credentials that reach no limit. */
  readonly keys: readonly string[]
  /** Credentials that run into the limiter at once. */
  readonly greedyKeys: readonly string[]
}

/** How many credentials a scenario needs. */
export interface Wanted {
  readonly keys?: number
  readonly greedyKeys?: number
}

const DEMO_FILE = '.tollgate/demo.json'
const TENANT = 'library'
const LIMITS = ['default', 'expensive', 'daily', 'engram.tenant-writes']
const PLENTY = 1_000_000_000
const GREEDY_LIMIT = 5
const KEY_LASTS_MS = 86_400_000
const MADE_AT_ONCE = 8

const demoSchema = z.object({ gate: z.url(), admin: z.url(), rootKey: z.string() })
const madeSchema = z.object({ secret: z.string() })

/**
 * Gets credentials for the server that is measured: made-up ones for the lab's synthetic server; for the gate's demo,
 * new keys that expire after a day, created with the root key that the demo wrote to `.tollgate/demo.json`
 * (or to the file in TOLLGATE_DEMO).
 */
export async function meet(
  { target, environment, readJson }: SetupContext,
  { keys = 10, greedyKeys = 0 }: Wanted = {},
): Promise<Subject> {
  const hello = await fetch(target)
  if (hello.headers.has('x-synthetic')) {
    return { keys: madeUp('key', keys), greedyKeys: madeUp('greedy', greedyKeys) }
  }
  const demo = demoSchema.parse(await readJson(environment['TOLLGATE_DEMO'] ?? DEMO_FILE))
  if (new URL(demo.gate).origin !== target) {
    throw new Error(`the demo runs at ${demo.gate}, not at ${target}`)
  }
  return {
    keys: await makeKeys(demo, keys, PLENTY),
    greedyKeys: await makeKeys(demo, greedyKeys, GREEDY_LIMIT),
  }
}

const madeUp = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${name}-${at}`)

async function makeKeys(
  { admin, rootKey }: z.output<typeof demoSchema>,
  count: number,
  limit: number,
): Promise<string[]> {
  const make = async (): Promise<string> => {
    const response = await fetch(new URL(`/v1/tenants/${TENANT}/keys`, admin), {
      method: 'POST',
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'lab',
        permissions: ['scene:read', 'memory:read', 'memory:write'],
        limits: Object.fromEntries(LIMITS.map((name) => [name, limit])),
        expiresAtMs: Date.now() + KEY_LASTS_MS,
      }),
    })
    if (!response.ok)
      throw new Error(`no key was made: ${response.status} ${await response.text()}`)
    return madeSchema.parse(await response.json()).secret
  }
  const made: string[] = []
  while (made.length < count) {
    const now = Math.min(MADE_AT_ONCE, count - made.length)
    made.push(...(await Promise.all(Array.from({ length: now }, make))))
  }
  return made
}

/** A feed of the credentials that `setup` got: `{{key.secret}}`. */
export const keyFeed = (which: keyof Subject): NonNullable<ScenarioSpec['feeds']>[string] => ({
  rows: ({ setup }) => (setup as unknown as Subject)[which].map((secret) => ({ secret })),
  pick: { kind: 'cycle' },
})
