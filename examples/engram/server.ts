import { z } from 'zod'
import type { CorpusName } from './corpus.ts'
import { readCorpus } from './corpus.ts'
import type { TenantMemories } from './memories.ts'
import { MEMORIES_MAX } from './memories.ts'
import { invalid, problem, readJson } from '../problem.ts'
import { parseQuestion } from './question.ts'
import { openMemoryStore } from './store.ts'

/** Where the example listens and keeps its data. */
export interface StartOptions {
  /** 0 takes any free port. */
  readonly port: number
  readonly hostname: string
  readonly dataFolder: string
  /** The initial texts of each tenant, by tenant id; by default for `library` and `laboratory`. */
  readonly seeds?: Readonly<Record<string, CorpusName>>
}

/** A running example. */
export interface Running {
  readonly url: string
  /** Gives a tenant its initial texts, once; for tenants that are created after the start. */
  seed(tenantId: string, corpus: CorpusName): void
  stop(): Promise<void>
}

const BODY_BYTES_MAX = 65_536
const MEMORIES = '/api/v1/memories'
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
  // Indexing takes time, so a tenant's texts are loaded at its first request.
  const awaited = new Map(Object.entries(options.seeds ?? SEEDS))
  const memoriesOf = (tenantId: string): TenantMemories => {
    const corpus = awaited.get(tenantId)
    if (corpus !== undefined) seed(tenantId, corpus)
    awaited.delete(tenantId)
    return store.tenant(tenantId)
  }
  const server = Bun.serve({
    port: options.port,
    hostname: options.hostname,
    development: false,
    maxRequestBodySize: 2 * BODY_BYTES_MAX,
    fetch: (request) => answer(request, memoriesOf),
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

function answer(
  request: Request,
  memoriesOf: (tenantId: string) => TenantMemories,
): Response | Promise<Response> {
  const url = new URL(request.url)
  const { pathname } = url
  if (pathname === '/api/v1/system/health') {
    return dispatch(request, { GET: () => Response.json({ status: 'ok' }) })
  }
  if (pathname !== MEMORIES && !pathname.startsWith(`${MEMORIES}/`)) {
    return problem(404, 'Not found')
  }
  // Only the gate can set this header; without it, the request did not come through the gate.
  const tenantId = request.headers.get('x-tollgate-tenant') ?? ''
  if (!/^[\x21-\x7e]{1,200}$/.test(tenantId)) {
    return problem(403, 'No tenant', 'This API answers only through the gate.')
  }
  const tenant: Tenant = () => memoriesOf(tenantId)
  if (pathname === MEMORIES) return dispatch(request, { POST: () => remember(request, tenant) })
  if (pathname === `${MEMORIES}/recall`) {
    return dispatch(request, { GET: () => recall(url, tenant) })
  }
  const id = pathname.slice(MEMORIES.length + 1)
  return dispatch(request, { GET: () => show(id, tenant), DELETE: () => forget(id, tenant) })
}

/** The memories of the requesting tenant: the only part of the store that a handler can reach. */
type Tenant = () => TenantMemories

type Methods = Readonly<Record<string, () => Response | Promise<Response>>>

function dispatch(request: Request, methods: Methods): Response | Promise<Response> {
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (handler !== undefined) return handler()
  const response = problem(405, 'Method not allowed')
  response.headers.set('allow', Object.keys(methods).join(', '))
  return response
}

async function remember(request: Request, tenant: Tenant): Promise<Response> {
  const body = await readJson(request, BODY_BYTES_MAX)
  if (!body.ok) return body.response
  const wanted = rememberRequest.safeParse(body.value)
  if (!wanted.success) return invalid(wanted.error.issues)
  const { text, source, tags } = wanted.data
  const memory = tenant().remember({ text, source }, tags)
  if (memory === undefined) {
    return problem(507, 'Memory is full', `There is room for ${MEMORIES_MAX} memories.`)
  }
  return Response.json(memory, { status: 201, headers: { location: `${MEMORIES}/${memory.id}` } })
}

function recall(url: URL, tenant: Tenant): Response {
  const question = parseQuestion(url.searchParams)
  if (!question.ok) return problem(400, 'Bad request', question.detail)
  const { text, words, limit } = question.value
  const memories = tenant()
  return Response.json({ question: text, of: memories.count, ...memories.recall(words, limit) })
}

const isId = (id: string): boolean => /^[0-9a-f-]{36}$/.test(id)

function show(id: string, tenant: Tenant): Response {
  const memory = isId(id) ? tenant().get(id) : undefined
  return memory === undefined ? problem(404, 'Not found') : Response.json(memory)
}

function forget(id: string, tenant: Tenant): Response {
  const known = isId(id) && tenant().forget(id)
  return known ? new Response(null, { status: 204 }) : problem(404, 'Not found')
}

if (import.meta.main) {
  const { url } = await start({
    port: Number(process.env['PORT'] ?? 9102),
    hostname: '127.0.0.1',
    dataFolder: process.env['DATA_FOLDER'] ?? '.tollgate/examples/engram',
  })
  console.log(`engram listens on ${url}`)
}
