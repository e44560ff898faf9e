/** Where a Redis or Valkey server is, and how to use it. */
export interface RedisOptions {
  /** One server, or some nodes of a Cluster: the others are learned from them. */
  readonly nodes: readonly RedisNode[]
  /** Redis Cluster: keys are spread over its nodes. */
  readonly cluster: boolean
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Database number; a Cluster has only 0. */
  readonly database?: number | undefined
  readonly tls?: RedisTls | undefined
  /** Every key starts with it, so that several gates may share a server. */
  readonly prefix: string
  /** A command that takes longer than this fails. */
  readonly timeoutMs: number
  /** Failures in a row after which a node gets no commands for a while. */
  readonly failuresMax: number
  /** How long it gets none before one command tries it again. */
  readonly cooldownMs: number
  /** The most commands that may wait for replies at one time; more fail at once. */
  readonly pendingMax: number
}

/** Address of a server. */
export interface RedisNode {
  readonly host: string
  readonly port: number
}

/** How to encrypt the connection, in PEM. */
export interface RedisTls {
  /** Authorities to trust instead of the system's. */
  readonly authority?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  /** Name expected in the server's certificate. Default: the host. */
  readonly serverName?: string | undefined
}

/** The defaults of {@link RedisOptions}. */
export const REDIS_DEFAULTS = {
  cluster: false,
  prefix: 'tollgate',
  timeoutMs: 100,
  failuresMax: 5,
  cooldownMs: 1000,
  pendingMax: 10_000,
} as const satisfies Partial<RedisOptions>

/** What a URL says about a server. */
export interface RedisUrl {
  readonly node: RedisNode
  readonly isTls: boolean
  readonly username?: string
  readonly password?: string
  readonly database?: number
}

const PORT = 6379

/** Reads `redis://` and `rediss://` URLs: `[user[:password]@]host[:port][/database]`. `undefined` for anything else. */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) return undefined
  const database = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || database === undefined || url.search !== '' || url.hash !== '')
    return undefined
  const [username, password] = [url.username, url.password].map(decoded)
  if (username === undefined || password === undefined) return undefined
  return {
    node: { host, port: url.port === '' ? PORT : Number(url.port) },
    isTls: url.protocol === 'rediss:',
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(database !== '' && { database: Number(database) }),
  }
}

/** Percent-decoded text; `undefined` if it is malformed. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
