import { z } from 'zod'
import { duration, secret } from '../../core/config/fields.ts'
import { parseRedisUrl, REDIS_DEFAULTS, STREAM_DEFAULTS } from '../../storage/index.ts'
import type { RedisOptions } from '../../storage/index.ts'
import { listenAddress } from './listen-address.ts'

const tlsConfig = z.strictObject({
  authority: z.string().optional().describe('PEM authorities to trust; use ${file:/path}.'),
  certificate: z
    .string()
    .optional()
    .describe('PEM certificate chain to present; use ${file:/path}.'),
  key: secret().optional().describe('PEM private key; use ${file:/path}.'),
  serverName: z
    .string()
    .optional()
    .describe('Name expected in the certificate; defaults to the host.'),
})

/** A Redis or Valkey that several instances share. */
export const redisConfig = z
  .strictObject({
    url: z
      .string()
      .optional()
      .describe('One server: redis://host:6379/0, or rediss:// with encryption.'),
    nodes: z
      .array(listenAddress())
      .min(1)
      .optional()
      .describe('Some nodes of a Cluster as host:port; the others are learned from them.'),
    username: z.string().optional().describe('User of the Redis ACL.'),
    password: secret().optional().describe('Use ${file:/path}.'),
    tls: z.union([z.boolean(), tlsConfig]).default(false).describe('Encrypt the connection.'),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'expected letters, digits, ".", "_" and "-"' })
      .default(REDIS_DEFAULTS.prefix)
      .describe('Prefix of all keys; gates with the same prefix work together.'),
    timeout: duration()
      .prefault(`${REDIS_DEFAULTS.timeoutMs}ms`)
      .describe('A command that takes longer counts as failed.'),
    silence: duration()
      .prefault(`${STREAM_DEFAULTS.silenceMs}ms`)
      .describe(
        'After this long without an answer from Redis, remembered decisions are no longer trusted.',
      ),
  })
  .superRefine((redis, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', message, path: [path] })
    if ((redis.url === undefined) === (redis.nodes === undefined)) {
      refuse('url', 'expected either url or nodes')
    }
    if (redis.url !== undefined) {
      const url = parseRedisUrl(redis.url)
      if (url === undefined) refuse('url', 'expected a URL such as redis://host:6379')
      else if (url.password !== undefined) {
        refuse('url', 'expected no password here: give it as password, by ${file:/path}')
      }
    }
    if (redis.silence < 100) refuse('silence', 'expected at least 100ms')
    if (redis.timeout < 10) refuse('timeout', 'expected at least 10ms')
  })
  .meta({ id: 'Redis' })

/** Parsed configuration of Redis: durations in milliseconds. */
export type RedisConfig = z.output<typeof redisConfig>

/** How to connect, in the terms of `storage`. */
export function redisOptions(config: RedisConfig): RedisOptions {
  const url = config.url === undefined ? undefined : parseRedisUrl(config.url)
  const nodes = config.nodes?.map(nodeOf) ?? (url === undefined ? [] : [url.node])
  const isTls = config.tls !== false || url?.isTls === true
  return {
    ...REDIS_DEFAULTS,
    nodes,
    cluster: config.nodes !== undefined,
    username: config.username ?? url?.username,
    password: config.password,
    database: url?.database,
    tls: isTls ? (typeof config.tls === 'object' ? config.tls : {}) : undefined,
    prefix: config.prefix,
    timeoutMs: config.timeout,
  }
}

function nodeOf(address: string): RedisOptions['nodes'][number] {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host, port: Number(address.slice(colon + 1)) }
}
