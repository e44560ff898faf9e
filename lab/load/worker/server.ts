import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { LabError } from '../../core/index.ts'
import type { LoadJob } from '../job.ts'
import { isLoopback } from '../target.ts'
import { startLocalWorker } from './local.ts'
import type { Worker, WorkerMessage } from './messages.ts'

/** Options of a worker that serves other machines. */
export interface WorkerServerOptions {
  readonly hostname: string
  readonly port: number
  /** Anyone who knows it can send load from here; at least 16 characters. */
  readonly token: string
  /** Whether to send load to machines other than this one as well. */
  readonly allowRemote: boolean
  /** Jobs at the same time. Default 1. */
  readonly jobsMax?: number
}

/** A worker that takes jobs over the network. */
export interface WorkerServer {
  readonly url: string
  stop(): Promise<void>
}

const JOB_BYTES_MAX = 256 * 2 ** 20
const TOKEN_CHARACTERS_MIN = 16

/** The basic shape of a job; the contents of its scenario are checked when it is prepared. */
const jobSchema = z.looseObject({
  target: z.looseObject({ hostnames: z.array(z.string()).min(1), authority: z.string() }),
  scenario: z.looseObject({ requests: z.array(z.unknown()).min(1) }),
  model: z.looseObject({ kind: z.enum(['open', 'closed']), profile: z.array(z.unknown()).min(1) }),
  share: z.object({ index: z.int().min(0), count: z.int().min(1).max(1000) }),
})

interface Run {
  readonly worker: Worker
  readonly close: () => Promise<void>
}

/**
 * Listens for jobs and carries them out, one process each. Because load can do harm, every request needs the
 * token, and machines other than this one are refused as targets unless `allowRemote` is set.
 */
export function serveWorker(options: WorkerServerOptions): WorkerServer {
  if (options.token.length < TOKEN_CHARACTERS_MIN) {
    throw new LabError(`the token needs at least ${TOKEN_CHARACTERS_MIN} characters`)
  }
  const runs = new Map<string, Run>()
  const digest = sha256(`Bearer ${options.token}`)
  const isKnown = (request: Request): boolean =>
    timingSafeEqual(sha256(request.headers.get('authorization') ?? ''), digest)

  const begin = async (request: Request): Promise<Response> => {
    if (runs.size >= (options.jobsMax ?? 1)) return text(409, 'busy with another run')
    const parsed = jobSchema.safeParse(await request.json().catch(() => undefined))
    if (!parsed.success) return text(422, z.prettifyError(parsed.error))
    const job = parsed.data as unknown as LoadJob
    const remote = job.target.hostnames.find((hostname) => !isLoopback(hostname))
    if (remote !== undefined && !options.allowRemote) {
      return text(
        403,
        `${remote} is another machine; this worker was not started with --allow-remote`,
      )
    }
    return openRun(job, runs)
  }

  const server = Bun.serve({
    hostname: options.hostname,
    port: options.port,
    idleTimeout: 0,
    maxRequestBodySize: JOB_BYTES_MAX,
    async fetch(request) {
      if (!isKnown(request)) return text(401, 'this needs the token')
      const { pathname } = new URL(request.url)
      if (request.method !== 'POST') return text(405, 'POST is what works here')
      if (pathname === '/v1/runs') return begin(request)
      const [, id = '', order] = /^\/v1\/runs\/([\w-]+)\/(go|stop)$/.exec(pathname) ?? []
      const run = runs.get(id)
      if (run === undefined || order === undefined) return text(404, 'no such run')
      run.worker[order === 'go' ? 'go' : 'stop']()
      return new Response(null, { status: 204 })
    },
    error: () => text(500, 'this went wrong'),
  })
  return {
    url: server.url.href,
    async stop() {
      await Promise.all([...runs.values()].map(async ({ close }) => close()))
      await server.stop(true)
    },
  }
}

function openRun(job: LoadJob, runs: Map<string, Run>): Response {
  const id = crypto.randomUUID()
  const encoder = new TextEncoder()
  let close = async (_isGone: boolean): Promise<void> => undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let isOpen = true
      const worker = startLocalWorker(job, (message: WorkerMessage) => {
        if (!isOpen) return
        controller.enqueue(encoder.encode(`${JSON.stringify(message)}\n`))
        if (message.kind === 'result' || message.kind === 'error') void close(false)
      })
      close = async (isGone) => {
        if (!isOpen) return
        isOpen = false
        runs.delete(id)
        if (!isGone) controller.close()
        await worker.close()
      }
      runs.set(id, { worker, close: async () => close(false) })
    },
    // The client is gone, so its load ends.
    cancel: async () => close(true),
  })
  return new Response(body, {
    headers: {
      'content-type': 'application/x-ndjson',
      'x-run-id': id,
      'cache-control': 'no-store',
    },
  })
}

const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest()

const text = (status: number, message: string): Response => new Response(`${message}\n`, { status })
