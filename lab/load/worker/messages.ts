import { z } from 'zod'
import type { HistogramData } from '../../histogram/index.ts'
import type { LoadJob } from '../job.ts'
import type { WorkerResult } from '../result/result.ts'

/** Orders to a worker. */
export type WorkerOrder =
  | { readonly kind: 'job'; readonly job: LoadJob }
  | { readonly kind: 'go' }
  | { readonly kind: 'stop' }

/** Messages of a worker. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly connections: number }
  /** It has begun: between being told to and this. */
  | { readonly kind: 'started' }
  | ProgressMessage
  | { readonly kind: 'result'; readonly result: WorkerResult }
  | { readonly kind: 'error'; readonly message: string }

/** What happened since the last such message. */
export interface ProgressMessage {
  readonly kind: 'progress'
  readonly atMs: number
  /** Requests of the warm-up; they are shown but not judged. */
  readonly warmUp: ProgressPart
  readonly counted: ProgressPart
  readonly inFlight: number
  readonly connections: number
  readonly lag: HistogramData
}

/** The results of some requests. */
export interface ProgressPart {
  readonly succeeded: number
  readonly failed: number
  readonly response: HistogramData
}

const partSchema = z.object({
  succeeded: z.number(),
  failed: z.number(),
  response: z.looseObject({ cells: z.string() }),
})

/** The basic shape of a message, checked because workers on other machines are not trusted. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), connections: z.number() }),
  z.object({ kind: z.literal('started') }),
  z.object({
    kind: z.literal('progress'),
    atMs: z.number(),
    warmUp: partSchema,
    counted: partSchema,
    inFlight: z.number(),
    connections: z.number(),
    lag: z.looseObject({ cells: z.string() }),
  }),
  z.object({
    kind: z.literal('result'),
    result: z.looseObject({ requests: z.array(z.unknown()) }),
  }),
  z.object({ kind: z.literal('error'), message: z.string() }),
])

/** A worker, wherever it runs. */
export interface Worker {
  readonly name: string
  go(): void
  stop(): void
  /** Ends it for good. */
  close(): Promise<void>
}

/** Receives the messages of a worker. An `error` is its last message. */
export type WorkerListener = (message: WorkerMessage) => void
