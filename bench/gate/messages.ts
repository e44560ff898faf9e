/** What the server process is asked. */
export type Question = 'cpu' | 'memory' | 'stop'

/** What it says. */
export type Answer =
  | { readonly kind: 'ready'; readonly ports: Readonly<Record<string, number>> }
  | { readonly kind: 'cpu'; readonly ns: number }
  | ({ readonly kind: 'memory' } & Memory)
  | { readonly kind: 'stopped' }

/** Memory after a full collection, in bytes. */
export interface Memory {
  readonly residentBytes: number
  /** What the JavaScript heap holds, buffers included. */
  readonly heapBytes: number
}

/** What the server process is started with. */
export interface ServerOptions {
  readonly folder: string
  readonly keys: number
  /** How long a known credential is trusted, milliseconds; the product's default when absent. */
  readonly cacheAgeMs?: number
  /** What indexes of the audit log may take, bytes; the product's default when absent. */
  readonly indexBytes?: number
  /** Names of the arms it is to serve. */
  readonly arms: readonly string[]
  /** Addresses to listen on for each arm. */
  readonly hosts: readonly string[]
}

/** The file in the folder that the keys are left in, one a line. */
export const KEYS_FILE = 'bench-keys'
