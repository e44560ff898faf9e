import { namedPolicies } from '../../policy/index.ts'
import type { GatewayConfig } from './index.ts'

/** The parts of a configuration that say which request headers decisions depend on. */
type Judging = Pick<GatewayConfig, 'routes' | 'schemas' | 'policies'>

/**
 * Names of the request headers on which decisions depend, in the schemas of routes and in policies. It errs on the
 * side of too many: where a schema refers to a shared one, the members of all shared schemas count.
 */
export function judgedHeaders({ routes, schemas, policies }: Judging): string[] {
  const names = new Set(namedPolicies(policies).flatMap(([, { headers }]) => headers))
  for (const { request } of routes) {
    if (request?.headers === undefined) continue
    collect(request.headers, names)
    if (JSON.stringify(request.headers).includes('"$ref"')) collect(schemas, names)
  }
  return [...names]
}

function collect(part: unknown, names: Set<string>): void {
  if (typeof part !== 'object' || part === null) return
  for (const [keyword, value] of Object.entries(part)) {
    if (keyword === 'properties') for (const name of Object.keys(Object(value))) names.add(name)
    if (keyword === 'required' && Array.isArray(value))
      value.forEach((name) => names.add(`${name}`))
    collect(value, names)
  }
}
