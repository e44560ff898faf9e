import { z } from 'zod'

/** The messages of AuthZEN. Unknown members are dropped. */

const properties = z.record(z.string(), z.json()).optional()

const subject = z.object({ type: z.string().min(1), id: z.string().min(1), properties })
const resource = z.object({ type: z.string().min(1), id: z.string().min(1), properties })
const action = z.object({ name: z.string().min(1), properties })
const context = z.record(z.string(), z.json()).optional()

/** One evaluation: may the subject do the action on the resource? */
export const evaluation = z.object({ subject, action, resource, context })
export type Evaluation = z.output<typeof evaluation>

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantics = (typeof SEMANTICS)[number]

const EVALUATIONS_MAX = 1000

/** Many evaluations; the top level holds defaults for what they leave out. */
export const evaluations = z.looseObject({
  evaluations: z.array(z.record(z.string(), z.json())).max(EVALUATIONS_MAX).optional(),
  options: z
    .looseObject({ evaluations_semantic: z.enum(SEMANTICS).default('execute_all') })
    .optional(),
})

const page = z
  .object({ limit: z.int().min(1).max(1000).optional(), token: z.string().optional() })
  .optional()

/** The three searches; the entity that is searched for has no id. */
export const searches = {
  subject: z.object({
    subject: subject.omit({ id: true }),
    action,
    resource,
    context,
    page,
  }),
  resource: z.object({
    subject,
    action,
    resource: resource.omit({ id: true }),
    context,
    page,
  }),
  action: z.object({ subject, resource, context, page }),
} as const
export type SearchKind = keyof typeof searches

/** A request that is answered with 400 and this text. */
export class BadRequest extends Error {
  readonly status: 400 | 404 | 413
  constructor(message: string, status: 400 | 404 | 413 = 400) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

/** Parses a message; throws a {@link BadRequest} that names the first mistake. */
export function parseMessage<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new BadRequest(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`)
}
