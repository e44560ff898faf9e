import { isNotModified, notModified, withAcceptEncoding } from './answer.ts'
import type { CacheStatus } from './cache-status.ts'
import { cacheStatus } from './cache-status.ts'
import { chooseCoding, isCompressible } from './codings.ts'
import { compressStream } from './compress.ts'
import { responseDirectives } from './directives.ts'
import { weaken } from './entity-tag.ts'
import type { RecallOptions, RecallParts, RecallRequest } from './recall-types.ts'

/** A response of the origin's on its way to the client, without having been stored. */
export interface Passing {
  readonly response: Response
  readonly status: CacheStatus
  /** Whether the client's conditions were kept from the origin, so that they have to be met here. */
  readonly wasStripped: boolean
  readonly nowMs: number
}

/** Passes a response on: says what the cache did, and meets the client's conditions where it must. */
export function passOn(
  request: RecallRequest,
  passing: Passing,
  options: RecallOptions,
  { respond }: Pick<RecallParts, 'respond'>,
): Response | Promise<Response> {
  const { response, status, wasStripped, nowMs } = passing
  const { headers } = response
  dress(headers, status, options)
  const isContent = response.status === 200 || response.status === 206
  if (wasStripped && isContent && isNotModified(request.fields, headers, nowMs)) {
    void response.body?.cancel().catch(() => undefined)
    return respond({ status: 304, fields: notModified([...headers]), body: null })
  }
  return options.codesStreams ? coded(request, response, options) : response
}

/** Adds and removes what answers have and have not, stored or not. */
function dress(headers: Headers, status: CacheStatus, options: RecallOptions): void {
  headers.delete('tollgate-cache-control')
  if (options.stripsSurrogates) for (const name of options.surrogateFields) headers.delete(name)
  if (options.sendsStatus) {
    headers.set('cache-status', cacheStatus(status, headers.get('cache-status')))
  }
}

/**
 * Codes a body as it passes, where it holds no secret: nothing that is one caller's alone, for beside
 * what a stranger can have reflected its length would tell (BREACH).
 */
function coded(request: RecallRequest, response: Response, options: RecallOptions): Response {
  const { headers, status, body } = response
  const holdsSecrets = request.hasCredentials || request.hasCookies || request.keyHoldsCaller
  if (holdsSecrets || request.method !== 'GET' || status !== 200 || body === null) return response
  const directives = responseDirectives(headers, options.targeted)
  const isOwn = directives.isPrivate || directives.noStore || headers.has('set-cookie')
  const length = headers.get('content-length')
  const isSmall = length !== null && Number(length) < options.codeBytesMin
  if (isOwn || isSmall || directives.noTransform || headers.has('content-encoding')) return response
  if (!isCompressible(headers.get('content-type'))) return response
  const accepted = chooseCoding(request.fields.get('accept-encoding'), options.codings)
  headers.set('vary', withAcceptEncoding(headers.get('vary')))
  if (accepted === undefined) return response
  headers.delete('content-length')
  headers.delete('accept-ranges')
  headers.set('content-encoding', accepted)
  const etag = headers.get('etag')
  if (etag !== null) headers.set('etag', weaken(etag))
  return new Response(compressStream(body, accepted), { status, headers })
}
