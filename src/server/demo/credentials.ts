import { existsSync, readFileSync } from 'node:fs'
import type { Outcome } from '../../core/refusal.ts'
import type { Gateway } from '../gateway.ts'

/** The demo's secrets. They are kept in its folder, because the demo is reachable only from this machine. */
export interface DemoCredentials {
  readonly rootKey: string
  /** A key for each role. */
  readonly keys: Readonly<Record<string, string>>
}

/** The demo's tenants, and who holds keys. */
const TENANTS = { library: 'The library', laboratory: 'The laboratory' } as const

const HOLDERS = [
  { role: 'admin', tenantId: 'library', roles: ['admin'] },
  { role: 'viewer', tenantId: 'library', roles: ['viewer', 'visitor'] },
  { role: 'library', tenantId: 'library', roles: ['writer'] },
  { role: 'laboratory', tenantId: 'laboratory', roles: ['writer'] },
] as const

/**
 * Makes the demo's tenants and a key for each role. Credentials that an earlier start wrote to `path` are used again as
 * long as they work.
 */
export async function issueCredentials(gateway: Gateway, path: string): Promise<DemoCredentials> {
  const { identity } = gateway.nouns
  const before = readBefore(path)
  for (const [id, name] of Object.entries(TENANTS)) {
    const known = await identity.tenants.get(id)
    if (!known.ok) require(await identity.tenants.create({ id, name }))
  }
  const keys: Record<string, string> = {}
  for (const { role, tenantId, roles } of HOLDERS) {
    const kept = before?.keys[role]
    keys[role] =
      (await stillWorks(gateway, kept)) ?? (await makeKey(gateway, role, tenantId, roles))
  }
  const { rootKey } = gateway
  const keptRoot =
    before !== undefined && rootKey.matches(before.rootKey) ? before.rootKey : undefined
  return { rootKey: rootKey.created ?? keptRoot ?? (await rootKey.rotate()), keys }
}

async function stillWorks(
  { nouns }: Gateway,
  key: string | undefined,
): Promise<string | undefined> {
  if (key === undefined) return undefined
  const found = await nouns.identity.resolve(key, Date.now())
  return 'kind' in found ? key : undefined
}

async function makeKey(
  { nouns }: Gateway,
  role: string,
  tenantId: string,
  roles: readonly string[],
): Promise<string> {
  const name = `demo: ${role}`
  const made = require(await nouns.identity.keys.create(tenantId, { name, roles: [...roles] }))
  const actor = { kind: 'system', id: 'demo' }
  const target = made.after.id
  await nouns.ledger.append({
    kind: 'system',
    tenantId,
    actor,
    action: 'key.create',
    target,
    outcome: 'ok',
  })
  return made.secret
}

function require<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new Error(`the demo could not be set up: ${outcome.refusal.detail ?? outcome.refusal.code}`)
}

function readBefore(path: string): DemoCredentials | undefined {
  if (!existsSync(path)) return undefined
  try {
    const before = JSON.parse(readFileSync(path, 'utf8')) as Partial<DemoCredentials>
    return { rootKey: before.rootKey ?? '', keys: before.keys ?? {} }
  } catch {
    return undefined
  }
}
