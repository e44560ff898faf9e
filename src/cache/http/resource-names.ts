import { sha256 } from '../../core/digest.ts'
import { toBase64Url } from '../../core/bytes.ts'
import type { Name } from '../contract.ts'
import { NAME_CHARACTERS_MAX } from '../contract.ts'
import type { ResourceUrl } from './invalidation.ts'

/**
 * The names that stored responses depend on. Each part is preceded by its length, so that no two different lists of
 * parts make the same name, whatever characters a stranger puts in.
 */
const typed = (type: string, ...parts: readonly string[]): string =>
  parts.reduce((text, part) => `${text}${part.length}:${part}`, `${type}|`)

const tag = (text: string): Name => ({
  kind: 'tag',
  name: text.length <= NAME_CHARACTERS_MAX ? text : `#${toBase64Url(sha256(text))}`,
})

/** One resource with its query, whoever asked for it. */
export const urlName = ({ host, target }: ResourceUrl): Name => tag(typed('http.url', host, target))

/** All resources of a path, whatever their query. */
export const pathName = ({ host, target }: ResourceUrl): Name => {
  const query = target.indexOf('?')
  return tag(typed('http.path', host, query === -1 ? target : target.slice(0, query)))
}

/** All responses that name a surrogate key. */
export const surrogateName = (key: string): Name => tag(typed('http.key', key))

/** All responses of a route. */
export const routeName = (route: string): Name => tag(typed('http.route', route))

/** All responses to callers of a tenant. */
export const tenantName = (tenant: string): Name => ({ kind: 'tenant', name: tenant })

/** Every response. */
export const everyResponse: Name = tag('http.all|')

/** Whose requests share a stored response. */
export interface KeyScope {
  /** Empty for responses that all share. */
  readonly tenantId: string
  /** Kind and id of the credential; empty for responses that a tenant, or all, share. */
  readonly caller: string
}

/** The key of a stored response: route, scope, scheme, host, path and query, each with its length. */
export const responseKey = (
  route: string,
  { tenantId, caller }: KeyScope,
  scheme: string,
  { host, target }: ResourceUrl,
): string =>
  `http|${route.length}:${route}${tenantId.length}:${tenantId}${caller.length}:${caller}${scheme.length}:${scheme}${host.length}:${host}${target.length}:${target}`
