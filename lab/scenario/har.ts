import { z } from 'zod'
import { LabError } from '../core/index.ts'
import { parseScenario } from './define.ts'
import type { OpenedScenario } from './open.ts'
import type { ScenarioSpec } from './spec.ts'

/** The parts of HAR 1.2 that a request needs. */
const harSchema = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        startedDateTime: z.string().optional(),
        request: z.object({
          method: z.string(),
          url: z.string(),
          headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
          postData: z.object({ text: z.string().optional() }).optional(),
        }),
        response: z.object({ status: z.int() }).optional(),
      }),
    ),
  }),
})

/** Headers that belong to a connection, or that the generator sets itself. */
const LEFT_OUT = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const THINK_MS_MAX = 60_000
const ENTRIES_MAX = 1000

/** The recorded requests to one origin, in their order, with the pauses between them, as a flow. */
export function scenarioFromHar(document: unknown, path: string, origin?: string): OpenedScenario {
  const parsed = harSchema.safeParse(document)
  if (!parsed.success) {
    throw new LabError(`${path} is not a HAR file:\n${z.prettifyError(parsed.error)}`)
  }
  const skipped: string[] = []
  const requests: Record<string, ScenarioSpec['requests'][string]> = {}
  const steps: NonNullable<ScenarioSpec['flows']>[string]['steps'] = []
  let wanted = origin
  let beforeMs: number | undefined
  for (const { request, response, startedDateTime } of parsed.data.log.entries) {
    const url = URL.parse(request.url)
    wanted ??= url?.origin
    if (url === null || url.origin !== wanted) {
      skipped.push(`${request.method} ${request.url}: another origin`)
      continue
    }
    if (steps.length === ENTRIES_MAX) {
      skipped.push(`${request.method} ${request.url}: beyond the first ${ENTRIES_MAX}`)
      continue
    }
    const name = `${steps.length + 1} ${request.method} ${url.pathname}`
      .replaceAll(/[^\w .:/{}-]/g, '-')
      .slice(0, 100)
    const headers = request.headers.filter(
      (header) => !header.name.startsWith(':') && !LEFT_OUT.has(header.name.toLowerCase()),
    )
    const status = response === undefined || response.status < 100 ? undefined : response.status
    requests[name] = {
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: Object.fromEntries(headers.map((header) => [header.name, header.value])),
      weight: 0,
      ...(request.postData?.text === undefined ? {} : { body: request.postData.text }),
      ...(status === undefined ? {} : { checks: { status } }),
    }
    const startedMs = Date.parse(startedDateTime ?? '')
    const gapMs = beforeMs === undefined ? 0 : Math.max(0, startedMs - beforeMs)
    if (Number.isFinite(startedMs)) beforeMs = startedMs
    steps.push(
      gapMs > 0
        ? { request: name, think: { kind: 'constant', ms: Math.min(gapMs, THINK_MS_MAX) } }
        : name,
    )
  }
  if (steps.length === 0) throw new LabError(`${path} has no request to ${wanted ?? 'any origin'}`)
  const spec = { name: 'recorded', tags: ['har'], requests, flows: { recorded: { steps } } }
  return { scenario: parseScenario(spec, path), skipped }
}
