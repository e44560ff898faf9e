import { LabError } from '../../core/index.ts'
import type { FaultProxy } from '../../fault-proxy/index.ts'
import { startFaultProxy } from '../../fault-proxy/index.ts'
import type { Aim } from '../../load/index.ts'
import { isLoopback, readTarget } from '../../load/index.ts'
import type { FaultsOptions } from './options.ts'

/** Causes a fault and ends it. */
export interface Injector {
  /** Where to send the load: through the proxy if it stands in front of the server. */
  readonly aim: Aim
  /** Resolves when the fault is in place. */
  begin(): Promise<void>
  end(): Promise<void>
  /** Ends the fault if it still lasts. */
  close(): void
}

/** @throws LabError for a fault that needs a process or a proxy that is not named. */
export function createInjector(options: FaultsOptions, clockMs: () => number): Injector {
  return options.fault === 'stop' || options.fault === 'kill'
    ? signalInjector(options)
    : proxyInjector(options, clockMs)
}

function signalInjector(options: FaultsOptions): Injector {
  const { pid, fault } = options
  if (pid === null) throw new LabError(`${fault} needs the process: --pid`)
  if (pid <= 1 || pid === process.pid) throw new LabError(`process ${pid} is not to be stopped`)
  const signal = (name: 'SIGCONT' | 'SIGKILL' | 'SIGSTOP'): void => {
    try {
      process.kill(pid, name)
    } catch (error) {
      throw new LabError(
        `process ${pid}: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  let isStopped = false
  const resume = (): void => {
    if (!isStopped) return
    isStopped = false
    signal('SIGCONT')
  }
  return {
    aim: options,
    async begin() {
      signal(fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
      isStopped = fault === 'stop'
    },
    async end() {
      resume()
    },
    close: resume,
  }
}

function proxyInjector(options: FaultsOptions, clockMs: () => number): Injector {
  const { proxy: wanted, target, allowRemote } = options
  // Checked here because the proxy hides it: the server behind the proxy must be allowed as well.
  readTarget(target, options)
  const url = new URL(target)
  if (wanted === null && url.protocol === 'https:') {
    throw new LabError('a fault in front of TLS needs --listen and --upstream')
  }
  const upstream = readAddress(wanted === null ? hostPort(url) : wanted.upstream)
  const listen = wanted === null ? { hostname: '127.0.0.1', port: 0 } : readAddress(wanted.listen)
  // Every client that reaches the proxy reaches the server behind it.
  const remote = [listen, upstream].find(({ hostname }) => !isLoopback(hostname))
  if (wanted !== null && remote !== undefined && !allowRemote) {
    throw new LabError(
      `${remote.hostname} is not this machine alone; --allow-remote says that it may be used`,
    )
  }
  const proxy = startFaultProxy({ ...listen, upstream }, clockMs)
  return {
    aim: wanted === null ? throughProxy(options, url, proxy) : options,
    async begin() {
      proxy.apply(faultOf(options))
    },
    async end() {
      proxy.apply({ kind: 'none' })
    },
    close: () => proxy.stop(),
  }
}

const hostPort = (url: URL): string => `${url.hostname}:${url.port === '' ? '80' : url.port}`

/** Sends the load through the proxy, with the original server in its Host. */
function throughProxy(aim: Aim, url: URL, proxy: FaultProxy): Aim {
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(proxy.port)
  return { ...aim, target: through.href, headers: { host: url.host, ...aim.headers } }
}

function readAddress(text: string): { readonly hostname: string; readonly port: number } {
  const url = URL.parse(`http://${text}`)
  const port = Number(url?.port === '' ? 80 : url?.port)
  if (url === null || url.pathname !== '/') throw new LabError(`${text} is not host:port`)
  return { hostname: url.hostname.replace(/^\[|\]$/g, ''), port }
}

function faultOf({
  fault,
  delayMs,
  bytesPerSecond,
}: FaultsOptions): Parameters<FaultProxy['apply']>[0] {
  if (fault === 'slow') return { kind: 'slow', delayMs }
  if (fault === 'throttle') return { kind: 'throttle', bytesPerSecond }
  if (fault === 'cut' || fault === 'reset' || fault === 'blackhole') return { kind: fault }
  throw new LabError(`${fault} is done to a process`)
}
