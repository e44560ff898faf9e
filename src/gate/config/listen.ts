import { z } from 'zod'
import { cidr, duration, secret, size } from '../../core/config/fields.ts'
import { certificateFaults } from './certificate.ts'
import { listenAddress } from './listen-address.ts'
import { redisConfig } from './redis.ts'

/** A body that comes in one piece has room. */
const BODIES_HELD_BYTES_MIN = 1_048_576

const tlsConfig = z
  .strictObject({
    certificate: z.string().describe('PEM certificate chain; use ${file:/path}.'),
    key: secret().describe('PEM private key; use ${file:/path}.'),
    clientAuthority: z
      .string()
      .optional()
      .describe(
        'PEM certificate authorities; clients must present a certificate from one of them.',
      ),
  })
  .superRefine((tls, context) => {
    for (const { field, message } of certificateFaults(tls)) {
      context.addIssue({ code: 'custom', message, path: [field] })
    }
  })

/**
 * Where the gate listens and what it bears. Changing it needs a restart, but for `hosts`, `trustedProxies` and
 * `uriMax`, which belong to the request path.
 */
export const listenConfig = z
  .strictObject({
    address: listenAddress()
      .default('127.0.0.1:8080')
      .describe('Address and port; port 0 picks a free one.'),
    tls: tlsConfig.optional().describe('HTTPS; plain HTTP when absent.'),
    hosts: z
      .array(z.string().regex(/^[a-z0-9.-]+$/))
      .optional()
      .describe(
        'Host names that are served; others are refused. Defaults to any well-formed name.',
      ),
    trustedProxies: z
      .array(cidr())
      .default([])
      .describe('Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.'),
    idleTimeout: duration()
      .prefault('65s')
      .describe('A connection without traffic is closed after this time.'),
    connectionsMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(20_000)
      .describe(
        'Maximum number of open connections per worker; further ones are closed immediately.',
      ),
    connectionsPerAddressMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'Maximum number of connections from one peer address (for IPv6, one /64); no separate bound by default.',
      ),
    requestsMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(8192)
      .describe('Maximum number of requests in flight; further ones get 503 immediately.'),
    bodiesHeldMax: size()
      .prefault('256MiB')
      .refine((bytes) => bytes >= BODIES_HELD_BYTES_MIN, { error: 'must be at least 1MiB' })
      .describe(
        'Bytes of request bodies held in memory at once, across all workers; requests beyond that get 503. Bodies up to 4 KiB always find room.',
      ),
    uriMax: size()
      .prefault('8KiB')
      .describe('Longest path with query; a longer one is refused with 414.'),
    headersMax: size()
      .prefault('16KiB')
      .describe('Request line and header fields together; a larger head is refused with 431.'),
    drainTimeout: duration()
      .prefault('10s')
      .describe('How long requests in flight may take to finish after SIGTERM.'),
  })
  .meta({ id: 'Listen' })

/** Where the admin API listens. It stays off the network unless told otherwise. */
export const adminConfig = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether there is an admin API.'),
    address: listenAddress()
      .default('127.0.0.1:8081')
      .describe('Address and port; keep it off public networks.'),
    hosts: z
      .array(z.string().regex(/^[a-z0-9.-]+$/))
      .default([])
      .describe('Host names it answers to besides localhost; required when it is not on loopback.'),
    requestsMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(256)
      .describe('Maximum number of requests in flight; further ones get 503 immediately.'),
  })
  .meta({ id: 'Admin' })

/** Where state is kept. */
export const storageConfig = z
  .strictObject({
    kind: z
      .enum(['sqlite', 'memory'])
      .default('sqlite')
      .describe('`memory` loses everything when the gate stops.'),
    folder: z
      .string()
      .default('.tollgate')
      .describe('Data folder, created if absent; relative to the configuration file.'),
    counters: z
      .int()
      .min(1024)
      .max(50_000_000)
      .default(1_000_000)
      .describe('Maximum number of limit subjects remembered.'),
    redis: redisConfig
      .optional()
      .describe('Carries change notices between gates, and entries of their caches.'),
  })
  .meta({ id: 'Storage' })
