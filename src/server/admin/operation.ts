import type { z } from 'zod'
import type { Outcome } from '../../core/refusal.ts'
import type { AdminParts } from './parts.ts'
import type { Principal } from './principal.ts'

/** The input of a handler: the parsed request, and who makes it. */
export interface Input<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly principal: Principal
  /** The version named by `If-Match`. */
  readonly ifVersion: number | undefined
  readonly requestId: string
  readonly address: string
}

/** What a change did, for the audit log: JSON without secrets. */
export interface ChangeNote {
  readonly target?: string
  readonly tenantId?: string
  readonly before?: unknown
  readonly after?: unknown
}

/** The answer of a handler. */
export interface Answer {
  /** JSON; without it the answer is 204. */
  readonly body?: unknown
  /** Version of the resource, sent as ETag. */
  readonly version?: number
  readonly location?: string
  readonly change?: ChangeNote
  /** NDJSON instead of `body`. */
  readonly stream?: AsyncIterable<Uint8Array>
}

/** What an operation applies to. */
type Scope =
  /** The caller itself; any authenticated caller may use it. */
  | 'self'
  /** One tenant, named by the path parameter `tenantId`. */
  | 'tenant'
  /** The whole installation: for the root key, and holders of the permission. */
  | 'installation'
  /** The whole installation for the root key and operators, their own tenant for others. */
  | 'either'

/** The part of an operation that the document and the pipeline share. */
export interface OperationFacts {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Path with `{parameters}`, below `/v1`. */
  readonly path: string
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly scope: Scope
  /** The permission that the principal must have, such as `tollgate.tenant.keys:write`. */
  readonly permission?: string
  /** The name of the change in the audit log; absent for operations that change nothing. */
  readonly action?: string
  readonly status: 200 | 201 | 204
  readonly result?: z.ZodType
  /** Whether the answer is NDJSON. */
  readonly ndjson?: boolean
  /** Whether it honors If-Match. */
  readonly conditional?: boolean
  readonly bodyBytesMax?: number
}

/** An operation with its parsers, as the pipeline runs it. */
export interface Operation extends OperationFacts {
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | undefined
  run(
    input: Input<unknown, unknown, unknown>,
    parts: AdminParts,
  ): Promise<Outcome<Answer>> | Outcome<Answer>
}

interface Parsers<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly params: P
  readonly query: Q
  readonly body?: B
  readonly run: (
    input: Input<z.output<P>, z.output<Q>, z.output<B>>,
    parts: AdminParts,
  ) => Promise<Outcome<Answer>> | Outcome<Answer>
}

/** Declares an operation; its handler gets what its parsers return. */
export function operation<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  declared: OperationFacts & Parsers<P, Q, B>,
): Operation {
  return {
    ...declared,
    body: declared.body,
    // The pipeline passes what these same parsers returned.
    run: (input, parts) =>
      declared.run(input as Input<z.output<P>, z.output<Q>, z.output<B>>, parts),
  }
}
