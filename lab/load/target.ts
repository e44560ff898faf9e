import { LabError } from '../core/index.ts'

/** Where load goes, as data. */
export interface Target {
  readonly origin: string
  /** Addresses to connect to, in turn; usually one. */
  readonly hostnames: readonly string[]
  readonly port: number
  /** The value of `Host`. */
  readonly authority: string
  readonly tls: TlsOptions | null
}

/** How a TLS connection is made. */
export interface TlsOptions {
  readonly serverName: string
  /** Whether to accept certificates that cannot be verified. */
  readonly insecure: boolean
  /** Certificates to trust besides those of the system, PEM. */
  readonly ca: string | null
}

/** Options of a target besides its URL. */
export interface TargetOptions {
  readonly allowRemote?: boolean
  readonly insecure?: boolean
  readonly ca?: string
  /** Connect to these addresses instead of the one in the URL. */
  readonly addresses?: readonly string[]
}

const LOOPBACK_V4 = /^127(?:\.\d{1,3}){3}$/

/** Whether a host name can only mean this machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '::1' || LOOPBACK_V4.test(name)
  )
}

/**
 * Reads a target. Load on somebody else's machine is an attack, so other machines are refused unless
 * `allowRemote` is set.
 *
 * @throws LabError
 */
export function readTarget(text: string, options: TargetOptions = {}): Target {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new LabError(`"${text}" is not an http or https address`)
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const hostnames = options.addresses ?? [hostname]
  const remote = [hostname, ...hostnames].find((name) => !isLoopback(name))
  if (remote !== undefined && options.allowRemote !== true) {
    throw new LabError(
      `${remote} is another machine. Put load only on machines that are yours; --allow-remote says that it is.`,
    )
  }
  const isTls = url.protocol === 'https:'
  return {
    origin: url.origin,
    hostnames,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    authority: url.host,
    tls: isTls
      ? { serverName: hostname, insecure: options.insecure === true, ca: options.ca ?? null }
      : null,
  }
}
