import { canonicalAddress } from '../../core/address.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/refusal.ts'

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/i
const URL_CHARACTERS_MAX = 8192

/**
 * Creates the first check of every request: the Host header must name this API (a page that rebinds
 * its own name to this address is refused), and a browser must not have been sent by another site.
 *
 * @param hosts names beyond the loopback ones, without ports.
 */
export function createAdmission(
  hosts: readonly string[],
): (request: Request) => Refusal | undefined {
  const isKnown = createKnownHosts(hosts)
  return (request) => {
    const host = HOST.exec(request.headers.get('host') ?? '')
    if (host === null || !isKnown(host[1] ?? '')) {
      return refuse('host_invalid', { detail: 'This host name is not one of the admin API.' })
    }
    if (request.url.length > URL_CHARACTERS_MAX) return refuse('uri_too_long')
    if (!isSameOrigin(request, host[0])) {
      return refuse('permission_denied', { detail: 'Requests from other sites are not accepted.' })
    }
    return undefined
  }
}

function createKnownHosts(hosts: readonly string[]): (name: string) => boolean {
  const known = new Set([...LOOPBACK_HOSTS, ...hosts].map((host) => host.toLowerCase()))
  return (name) => known.has(name.toLowerCase())
}

/**
 * Creates the check of requests for metrics, which need no credential: the Host header must name this API, or be an IP
 * address, which metrics collectors use and no page can rebind.
 */
export function createFiguresAdmission(
  hosts: readonly string[],
): (host: string | null) => Refusal | undefined {
  const isKnown = createKnownHosts(hosts)
  return (header) => {
    const name = HOST.exec(header ?? '')?.[1]
    if (name !== undefined && (isKnown(name) || isAddress(name))) return undefined
    return refuse('host_invalid', { detail: 'This host name is not one of admin.hosts.' })
  }
}

const isAddress = (name: string): boolean =>
  canonicalAddress(name.replace(/^\[(.*)\]$/, '$1')) !== undefined

function isSameOrigin(request: Request, host: string): boolean {
  const site = request.headers.get('sec-fetch-site')
  const isNavigation = request.headers.get('sec-fetch-mode') === 'navigate'
  if (site === 'cross-site' || site === 'same-site') {
    return isNavigation && request.method === 'GET' && request.headers.get('origin') === null
  }
  const origin = request.headers.get('origin')
  return origin === null || origin === `http://${host}` || origin === `https://${host}`
}
