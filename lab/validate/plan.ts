import { LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { z } from 'zod'
import { LabError } from '../core/index.ts'
import { readExpectation } from './expectation.ts'

const identifier = z.string().regex(/^[a-z0-9][a-z0-9-]*$/i, 'expected letters, digits and hyphens')
const command = z.array(z.coerce.string()).min(1)

const expectation = z.string().transform((text, context) => {
  try {
    return readExpectation(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

const claim = z.strictObject({
  id: identifier,
  text: z.string().min(1),
  /** The experiment of the plan that the claim is about. */
  of: identifier,
  expect: z.union([expectation.transform((one) => [one]), z.array(expectation).min(1)]),
})

const httpCheck = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  status: z.number().int().default(200),
  contains: z.string().optional(),
  /** A JSON Pointer (RFC 6901) at which there must be a value. */
  pointer: z.string().startsWith('/').optional(),
})

const fileCheck = z.strictObject({ path: z.string().min(1), contains: z.string().optional() })

const shutdownCheck = z.strictObject({
  command,
  ready: z.url({ protocol: /^https?$/ }),
  /** URL of a request slow enough to be under way when the signal arrives. */
  slow: z.url({ protocol: /^https?$/ }),
  deadlineMs: z.number().positive().default(30_000),
})

const item = z
  .strictObject({
    id: identifier,
    text: z.string().min(1),
    http: httpCheck.optional(),
    file: fileCheck.optional(),
    command: command.optional(),
    shutdown: shutdownCheck.optional(),
    timeoutMs: z.number().positive().default(60_000),
  })
  .refine(
    ({ http, file, command: run, shutdown }) =>
      [http, file, run, shutdown].filter((check) => check !== undefined).length <= 1,
    'one check per item: http, file, command or shutdown',
  )

const service = z.strictObject({
  command,
  /** URL that answers with success when the server is ready. */
  ready: z.url({ protocol: /^https?$/ }),
  /** Environment variables in addition to those of the lab. */
  environment: z.record(z.string(), z.coerce.string()).default({}),
  timeoutMs: z.number().positive().default(30_000),
})

const schema = z.strictObject({
  title: z.string().min(1),
  target: z.url({ protocol: /^https?$/ }).optional(),
  /** Servers to start first, in this order, and to end afterward. */
  services: z.record(identifier, service).default({}),
  experiments: z
    .record(
      identifier,
      z.strictObject({
        /**
         * A command line of the lab without its name: `load --rate 1000 --duration 30s`. `{plan}` is
         * the folder of the plan.
         */
        run: z.union([z.string().transform((text) => text.trim().split(/\s+/)), command]),
        /** What it measures: by default the target of the plan; `null` for an experiment that starts its own. */
        target: z
          .url({ protocol: /^https?$/ })
          .nullable()
          .optional(),
      }),
    )
    .default({}),
  claims: z.array(claim).default([]),
  checklist: z.array(item).default([]),
})

/** A plan: experiments, claims about their figures, and a checklist. */
export type Plan = z.output<typeof schema>
/** One item of the checklist. */
export type CheckItem = Plan['checklist'][number]
/** A claim about the figures of an experiment. */
export type PlanClaim = Plan['claims'][number]

/**
 * Reads a plan.
 *
 * @param source - The file's name, for messages.
 * @throws {LabError} With one line for each mistake: `file:line:column: what`.
 */
export function readPlan(text: string, source: string): Plan {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${source}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    throw new LabError(
      document.errors
        .map(({ pos, message }) => `${at(pos[0])}: ${message.split('\n')[0]}`)
        .join('\n'),
    )
  }
  const parsed = schema.safeParse(document.toJS())
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) =>
        `${at(offsetOf(document, path))}: ${[path.join('.'), message].filter(Boolean).join(': ')}`,
    )
    throw new LabError(problems.join('\n'))
  }
  const dangling = danglingReferences(parsed.data)
  if (dangling.length > 0) {
    throw new LabError(
      dangling.map(({ path, message }) => `${at(offsetOf(document, path))}: ${message}`).join('\n'),
    )
  }
  return parsed.data
}

type Path = readonly PropertyKey[]

/** The offset of the value, or of the nearest enclosing one that exists. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return Number(node.range[0])
    }
  }
  return document.contents?.range?.[0] ?? 0
}

function danglingReferences({ experiments, claims, checklist }: Plan) {
  const known = Object.keys(experiments)
  const unknown = claims.flatMap(({ of }, index) =>
    known.includes(of)
      ? []
      : [
          {
            path: ['claims', index, 'of'],
            message: `no experiment is called ${of}; there are: ${known.join(', ') || 'none'}`,
          },
        ],
  )
  const seen = new Set<string>()
  const all = [
    ...claims.map(({ id }, index) => ({ id, path: ['claims', index, 'id'] })),
    ...checklist.map(({ id }, index) => ({ id, path: ['checklist', index, 'id'] })),
  ]
  const twice = all.flatMap(({ id, path }) => {
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    return [{ path, message: `the id ${id} stands twice` }]
  })
  return [...unknown, ...twice]
}
