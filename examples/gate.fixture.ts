import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'

const LAUNCHER = resolve(import.meta.dirname, '../bin/tollgate.mjs')

/** A real gate, in its own process, in front of an example. */
export interface TestGate {
  readonly url: string
  /** Creates the tenant unless it exists, and a key for it with one role. */
  issueKey(tenantId: string, role: string): Promise<string>
  stop(): Promise<void>
}

/**
 * Runs `tollgate serve` with the unchanged configuration of an example, but on free ports and with data in
 * a temporary folder.
 */
export async function startTestGate(
  example: string,
  environment: Readonly<Record<string, string>>,
): Promise<TestGate> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-example-'))
  const config = parse(
    readFileSync(join(import.meta.dirname, example, 'tollgate.yaml'), 'utf8'),
  ) as Readonly<Record<string, unknown>>
  const path = join(folder, 'tollgate.yaml')
  const free = { address: '127.0.0.1:0' }
  const settings = {
    listen: free,
    admin: free,
    storage: { folder: join(folder, 'data') },
    signals: { log: { level: 'silent' } },
  }
  writeFileSync(path, stringify({ ...config, ...settings }))
  const gate = Bun.spawn(['node', LAUNCHER, 'serve', path], {
    env: { ...process.env, ...environment, NO_COLOR: '1' },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let told = ''
  for await (const chunk of gate.stderr) {
    told += new TextDecoder().decode(chunk)
    if (told.includes('Root key')) break
  }
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(told)?.[1]
    if (found === undefined) throw new Error(`the gate did not start:\n${told}`)
    return found
  }
  const admin = find(/Admin API on (\S+)\/reference/)
  const rootKey = find(/Root key[^:]*: (\S+)/)
  const change = async (where: string, body: unknown): Promise<Response> =>
    fetch(`${admin}/v1${where}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    url: find(/Gate on (\S+)/),
    async issueKey(tenantId, role) {
      const made = await change('/tenants', { id: tenantId, name: tenantId })
      if (made.status !== 201 && made.status !== 409) throw new Error(await made.text())
      const issued = await change(`/tenants/${tenantId}/keys`, { name: role, roles: [role] })
      if (issued.status !== 201) throw new Error(await issued.text())
      return ((await issued.json()) as { secret: string }).secret
    },
    async stop() {
      gate.kill('SIGTERM')
      await gate.exited
      rmSync(folder, { recursive: true })
    },
  }
}

/** Sends a request with a key, and with a JSON body if one is given. */
export const call = (
  url: string,
  key: string,
  method = 'GET',
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
