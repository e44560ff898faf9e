import type { Caller, CallerKind } from '../core/caller.ts'
import { anonymousCaller } from '../core/caller.ts'
import type { CredentialResolver } from '../core/credential-resolver.ts'
import type { IncomingHeaders, TextSpan } from '../core/incoming-request.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'
import type { BanCheck } from './admit.ts'
import type { Exchange } from './exchange.ts'
import { isCrossSite, presentedSession } from './session-cookie.ts'
import type { StageBody, Step } from './stage.ts'

/** How nearly all clients spell it; such a credential is read in place, without a copy. */
const BEARER_START = 'Bearer '
const BEARER = /^bearer +/i
const CHALLENGE = { 'www-authenticate': 'Bearer realm="tollgate"' } as const

/**
 * Who is it? Takes the credential from `Authorization: Bearer`, `X-API-Key` or the session cookie, in this
 * order. Unknown, revoked, expired and foreign credentials are all refused with `credential_invalid`; so is a
 * valid one that this route does not accept or that may not be used from this address.
 */
export function createIdentify(
  accepted: readonly CallerKind[],
  resolver: CredentialResolver,
  bans: BanCheck,
): StageBody {
  const admitsAnonymous = accepted.includes('anonymous')
  const readsCookies = accepted.includes('session')
  const settle = (exchange: Exchange, found: Caller | Refusal): Step => {
    if ('code' in found) return withChallenge(found)
    if (!accepted.includes(found.kind)) return invalid(`a ${found.kind} is not accepted here`)
    if (found.allowsAddress !== undefined && !found.allowsAddress(exchange.address)) {
      return invalid('used from an address that is not allowed')
    }
    exchange.caller = found
    return bans.caller(found, exchange.nowMs)
  }
  // A function of its own, so that the synchronous case allocates no closure.
  const settleLater = async (exchange: Exchange, found: Promise<Caller | Refusal>): Promise<Step> =>
    settle(exchange, await found)
  const resolve = (
    exchange: Exchange,
    text: string,
    from: number,
    to: number,
  ): Step | Promise<Step> => {
    const found = resolver.resolve(text, exchange.nowMs, from, to)
    return found instanceof Promise ? settleLater(exchange, found) : settle(exchange, found)
  }
  return {
    run(exchange) {
      if (exchange.presumed !== undefined) return settle(exchange, exchange.presumed)
      const { headers } = exchange.request
      const bearer = bearerSpan(headers)
      if (bearer !== undefined) {
        return resolve(exchange, bearer.text, bearer.from + BEARER_START.length, bearer.to)
      }
      const authorization = headers.get('authorization')
      const credential = presentedCredential(exchange, authorization, readsCookies)
      if (credential === undefined) {
        if (!admitsAnonymous) return refuse('credential_missing', { headers: CHALLENGE })
        exchange.caller = anonymousCaller
        return undefined
      }
      return typeof credential === 'string'
        ? resolve(exchange, credential, 0, credential.length)
        : credential
    },
  }
}

/** Where the value of Authorization stands, if it begins with {@link BEARER_START}. */
function bearerSpan(headers: IncomingHeaders): TextSpan | undefined {
  const span = headers.place?.('authorization') ?? wholeSpan(headers.get('authorization'))
  if (span === undefined || span.from + BEARER_START.length > span.to) return undefined
  return span.text.startsWith(BEARER_START, span.from) ? span : undefined
}

const wholeSpan = (text: string | null): TextSpan | undefined =>
  text === null ? undefined : { text, from: 0, to: text.length }

const invalid = (internal: string): Refusal =>
  refuse('credential_invalid', { headers: CHALLENGE, internal })

const withChallenge = (refusal: Refusal): Refusal =>
  refusal.code === 'credential_invalid' ? { ...refusal, headers: CHALLENGE } : refusal

function presentedCredential(
  exchange: Exchange,
  authorization: string | null,
  readsCookies: boolean,
): string | Refusal | undefined {
  const { headers } = exchange.request
  if (authorization !== null) {
    if (BEARER.test(authorization)) return authorization.replace(BEARER, '')
    return invalid('the authorization scheme is not Bearer')
  }
  const key = headers.get('x-api-key')
  if (key !== null) return key
  return readsCookies ? sessionCookie(exchange, headers.get('cookie')) : undefined
}

function sessionCookie(exchange: Exchange, header: string | null): string | Refusal | undefined {
  const session = presentedSession(header)
  return session !== undefined && isCrossSite(exchange)
    ? refuse('permission_denied', { detail: 'A session works from its own site only.' })
    : session
}
