/** Questions to the server process. */
export type Question = 'cpu' | 'drain' | 'memory' | 'stop'

/** Its answers. */
export type Answer =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'cpu'; readonly userUs: number; readonly systemUs: number }
  | ({ readonly kind: 'drained' } & AuditCounts)
  | ({ readonly kind: 'memory' } & Memory)
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly reason: string }

/** Records of the audit log since the process started. A bare server has none. */
export interface AuditCounts {
  /** On disk. */
  readonly written: number
  /** Lost because the queue was full. */
  readonly dropped: number
}

/** Memory after a full collection, in bytes. */
export interface Memory {
  readonly residentBytes: number
  /** What the JavaScript heap holds, buffers included. */
  readonly heapBytes: number
}

/** Options of the server process. */
export interface ServerOptions {
  readonly folder: string
  /** Number of keys to make in the folder first. */
  readonly makeKeys?: number
  /** Name of the arm to serve; absent if only keys are made. */
  readonly arm?: string
  /** Addresses to listen on. */
  readonly hosts: readonly string[]
  /** How long a known credential is trusted, milliseconds; the product's default when absent. */
  readonly cacheAgeMs?: number
  /** Limit of the indexes of the audit log, bytes; the product's default if absent. */
  readonly indexBytes?: number
}

/** The file in the folder with the keys, one per line. */
export const KEYS_FILE = 'bench-keys'
