import type { Clock } from '../../core/clock.ts'
import type { PolicyStore } from '../../policy/index.ts'

/** What {@link createOpaApi} needs. */
export interface OpaOptions {
  readonly store: PolicyStore
  readonly clock: Clock
  /** Makes the id of a decision, for `decision_id`. */
  readonly decisionId: () => string
  /** The document that `POST /` evaluates. Default: `system/main`. */
  readonly defaultDecision?: string
  /** Labels of this server, for `/v1/config` and `/v1/status`. */
  readonly labels?: Readonly<Record<string, string>>
  /** Largest body, decompressed. Default: 32 MiB. */
  readonly bodyBytesMax?: number
}

/** A parsed request. */
export interface OpaRequest {
  readonly request: Request
  /** Path segments after the API's own, decoded. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly options: OpaOptions
  readonly bodyBytesMax: number
}

/** Whether a query parameter is switched on: present, `true` or `1`. */
export function isOn({ query }: OpaRequest, name: string): boolean {
  const value = query.get(name)
  return value !== null && (value === '' || value === 'true' || value === '1')
}
