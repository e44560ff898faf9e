import { z } from 'zod'
import type { CorpusName } from './corpus.ts'
import { readCorpus } from './corpus.ts'
import type { MemoryStore, TenantMemories } from './memories.ts'
import { openMemoryStore } from './memories.ts'
import { invalid, problem, readJson } from './problem.ts'

/** Where the example listens and keeps its data. */
export interface StartOptions {
  /** 0 takes any free port. */
  readonly port: number
  readonly hostname: string
  readonly dataFolder: string
  /** Which tenant begins with which texts; default `library` and `laboratory`. */
  readonly seeds?: Readonly<Record<string, CorpusName>>
}

/** A running example. */
export interface Running {
  readonly url: string
  /** Gives a tenant texts to begin with, once; for tenants that are made after the start. */
  seed(tenantId: string, corpus: CorpusName): void
  stop(): Promise<void>
}

const BODY_BYTES_MAX = 65_536
const WORDS_MAX = 16
const SEEDS: Readonly<Record<string, CorpusName>> = { library: 'literature', laboratory: 'science' }

const rememberRequest = z.strictObject({
  text: z.string().trim().min(1).max(16_000),
  source: z.string().trim().max(200).default(''),
  tags: z
    .array(z.string().regex(/^[a-z0-9-]{1,40}$/))
    .max(20)
    .default([]),
})

/** Starts the HTTP API of a memory store. */
export function start(options: StartOptions): Promise<Running> {
  const store = openMemoryStore(options.dataFolder)
  const seed = (tenantId: string, corpus: CorpusName): void =>
    store.tenant(tenantId).seed(readCorpus(corpus))
  for (const [tenantId, corpus] of Object.entries(options.seeds ?? SEEDS)) seed(tenantId, corpus)
  const server = Bun.serve({
    port: options.port,
    hostname: options.hostname,
    development: false,
    maxRequestBodySize: 2 * BODY_BYTES_MAX,
    fetch: (request) => answer(request, store),
    error: () => problem(500, 'Internal error'),
  })
  return Promise.resolve({
    url: `http://${options.hostname}:${server.port}`,
    seed,
    async stop() {
      await server.stop(true)
      store.close()
    },
  })
}

function answer(request: Request, store: MemoryStore): Response | Promise<Response> {
  const url = new URL(request.url)
  const { pathname } = url
  if (pathname === '/api/v1/system/health') {
    return allow(request, 'GET') ?? Response.json({ status: 'ok' })
  }
  if (pathname !== '/api/v1/memories' && !pathname.startsWith('/api/v1/memories/')) {
    return problem(404, 'Not found')
  }
  // The gate sets this header and lets no client set it; without it nobody has been let in.
  const tenantId = request.headers.get('x-tollgate-tenant') ?? ''
  if (!/^[\x21-\x7e]{1,200}$/.test(tenantId)) {
    return problem(403, 'No tenant', 'This API answers only through the gate.')
  }
  const memories = store.tenant(tenantId)
  if (pathname === '/api/v1/memories') return allow(request, 'POST') ?? remember(request, memories)
  const refused = allow(request, 'GET')
  if (refused !== undefined) return refused
  if (pathname === '/api/v1/memories/recall') return recall(url, memories)
  return show(pathname.slice('/api/v1/memories/'.length), memories)
}

function allow(request: Request, method: string): Response | undefined {
  if (request.method === method || (request.method === 'HEAD' && method === 'GET')) return undefined
  const response = problem(405, 'Method not allowed')
  response.headers.set('allow', method)
  return response
}

async function remember(request: Request, memories: TenantMemories): Promise<Response> {
  const body = await readJson(request, BODY_BYTES_MAX)
  if (!body.ok) return body.response
  const wanted = rememberRequest.safeParse(body.value)
  if (!wanted.success) return invalid(wanted.error.issues)
  const { text, source, tags } = wanted.data
  const memory = memories.remember({ text, source }, tags)
  const location = `/api/v1/memories/${memory.id}`
  return Response.json(memory, { status: 201, headers: { location } })
}

function recall(url: URL, memories: TenantMemories): Response {
  const question = url.searchParams.get('q') ?? ''
  const limit = url.searchParams.get('limit') ?? '10'
  const words = [...question.matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => word)
  if (question.length > 500 || words.length === 0 || words.length > WORDS_MAX) {
    return problem(400, 'Bad request', `q holds 1 to ${WORDS_MAX} words.`)
  }
  if (!/^(?:[1-9]|[1-4]\d|50)$/.test(limit)) {
    return problem(400, 'Bad request', 'limit is a number from 1 to 50.')
  }
  return Response.json({ question, of: memories.count(), ...memories.recall(words, Number(limit)) })
}

function show(id: string, memories: TenantMemories): Response {
  const memory = /^[0-9a-f-]{36}$/.test(id) ? memories.get(id) : undefined
  return memory === undefined ? problem(404, 'Not found') : Response.json(memory)
}

if (import.meta.main) {
  const { url } = await start({
    port: Number(process.env['PORT'] ?? 7002),
    hostname: process.env['HOST'] ?? '127.0.0.1',
    dataFolder: process.env['DATA_FOLDER'] ?? '.tollgate/engram',
  })
  console.log(`engram listens on ${url}`)
}
