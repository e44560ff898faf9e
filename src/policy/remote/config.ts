import { z } from 'zod'
import { duration, secret, size } from '../../core/config/fields.ts'
import { SIGNING_ALGORITHMS } from '../bundle/jws.ts'

const key = z.strictObject({
  algorithm: z.enum(SIGNING_ALGORITHMS).default('RS256').describe('Algorithm of the signature.'),
  key: secret().describe('Public key in PEM, or the shared secret; use ${file:path}.'),
})

/** How a bundle must be signed. */
const verificationConfig = z
  .strictObject({
    keys: z
      .record(z.string().min(1), key)
      .refine((keys) => Object.keys(keys).length > 0, { error: 'expected at least one key' })
      .describe('Trusted keys, by id.'),
    keyId: z.string().min(1).optional().describe('Id of the key that must have signed the bundle.'),
    scope: z.string().optional().describe('Scope that the signature must state.'),
  })
  .meta({ id: 'BundleVerification' })

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether a bundle or a log may be exchanged with this URL: over TLS, or within the machine. */
function mayTravel(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username } = new URL(text)
  if (username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))
}

/** The URL of a service; plain HTTP is allowed for loopback only. */
export const serviceUrl = (): z.ZodType<string, string> =>
  z.string().refine(mayTravel, {
    error: 'expected an https URL without a password in it; plain http is for loopback alone',
  })

/** Headers that requests to a service carry. */
export const serviceHeaders = () =>
  z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'expected a header name' }),
      secret(),
    )
    .default({})
    .describe('Headers to send with each request; use ${NAME} or ${file:path}.')

/** A bundle on a server. */
export const remoteBundleConfig = z
  .strictObject({
    url: serviceUrl().describe('URL of the bundle.'),
    token: secret().optional().describe('Sent as a bearer token; use ${NAME} or ${file:path}.'),
    headers: serviceHeaders(),
    minDelay: duration().prefault('60s').describe('Shortest time between two requests.'),
    maxDelay: duration()
      .prefault('120s')
      .describe('Longest time between two requests, also after failures.'),
    longPolling: duration()
      .optional()
      .describe(
        'Long polling: ask the server to answer when there is a new bundle, or after this time.',
      ),
    timeout: duration().prefault('30s').describe('A request that takes longer counts as failed.'),
    sizeMax: size().prefault('64MiB').describe('Largest bundle, as transferred.'),
    unpackedMax: size().prefault('256MiB').describe('Largest bundle, unpacked.'),
    verify: verificationConfig.optional().describe('Accept only signed bundles.'),
  })
  .refine(({ minDelay, maxDelay }) => minDelay <= maxDelay && maxDelay > 0, {
    error: '`minDelay` is longer than `maxDelay`',
    path: ['minDelay'],
  })
  .meta({ id: 'RemoteBundle' })

/** A remote bundle after parsing: milliseconds and bytes. */
export type RemoteBundleConfig = z.output<typeof remoteBundleConfig>
