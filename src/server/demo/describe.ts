import type { Gateway } from '../gateway.ts'
import type { DemoCredentials } from './credentials.ts'

/** The demo as written to `.tollgate/demo.json`, and as described to a person. */
export interface DemoDescription {
  readonly file: {
    readonly gate: string
    readonly admin: string
    readonly rootKey: string
    readonly keys: Readonly<Record<string, string>>
    readonly curl: readonly string[]
  }
  readonly text: string
}

/** Describes a running demo. The commands work when pasted. */
export function describeDemo(gateway: Gateway, credentials: DemoCredentials): DemoDescription {
  const { url: gate, adminUrl: admin = '' } = gateway
  const { rootKey, keys } = credentials
  const bearer = (role: string): string => `-H 'Authorization: Bearer ${keys[role] ?? ''}'`
  const curl = [
    `curl -sw '\\n' ${gate}/scenes ${bearer('viewer')}`,
    `curl -sw '\\n' -X POST ${gate}/scene ${bearer('admin')} -H 'Content-Type: application/json' ` +
      `-d '{"path":"orbit/solar-system.json"}'`,
    `curl -sw '\\n' '${gate}/api/v1/memories/recall?q=sea&limit=1' ${bearer('library')}`,
  ]
  const width = Math.max(...Object.keys(keys).map((role) => role.length))
  const text = [
    `Gate       ${gate}`,
    `Admin API  ${admin}/reference`,
    `Root key   ${rootKey}`,
    '',
    'A key per role:',
    ...Object.entries(keys).map(([role, key]) => `  ${role.padEnd(width)}  ${key}`),
    '',
    'Try:',
    ...curl.map((command) => `  ${command}`),
    '',
    'Stop with Ctrl-C. Started again, it goes on with the same data.',
    '',
  ].join('\n')
  return { file: { gate, admin, rootKey, keys, curl }, text }
}
