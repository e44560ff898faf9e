import { join } from 'node:path'
import { LabError } from '../core/index.ts'
import type { SyntheticOptions, SyntheticStats } from './options.ts'

/** A running synthetic server. */
export interface SyntheticServer {
  /** Origin without a trailing slash. */
  readonly url: string
  readonly port: number
  readonly pid: number
  stats(): Promise<SyntheticStats>
  /** Collects garbage, so that only leaked memory remains. */
  collect(): Promise<void>
  /** Sends SIGSTOP: connections stay open, but nothing is answered. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

const SERVER = join(import.meta.dirname, 'server.ts')

/** Starts a synthetic server in a process of its own; it ends with its parent. */
export async function startSyntheticServer(
  options: SyntheticOptions = {},
): Promise<SyntheticServer> {
  const child = Bun.spawn([process.execPath, SERVER, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Only so that it learns when this process is gone.
    ipc: () => undefined,
  })
  const { port } = await firstLine(child.stdout)
  const hostname = options.hostname === '0.0.0.0' ? '127.0.0.1' : (options.hostname ?? '127.0.0.1')
  const url = `http://${hostname}:${port}`
  return {
    url,
    port,
    pid: child.pid,
    stats: async () => (await (await fetch(`${url}/stats`)).json()) as SyntheticStats,
    async collect() {
      await fetch(`${url}/gc`)
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<{ readonly port: number }> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    const end = text.indexOf('\n')
    if (end >= 0) return JSON.parse(text.slice(0, end)) as { readonly port: number }
  }
  throw new LabError('the synthetic server did not start')
}
