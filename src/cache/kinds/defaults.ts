import { contentKind, decisionKind } from './kind.ts'
import type { Codec, ContentKind, DecisionKind } from './kind.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What a kind needs to know about its values. */
export interface ValueShape<V> {
  readonly sizeOf: (value: V) => number
  readonly codec?: Codec<V>
}

/** Who presents a credential: 30 seconds. */
export const authenticationKind = <V>(shape: ValueShape<V>): DecisionKind<V> =>
  decisionKind({ name: 'authentication', ttlMs: 30 * SECOND_MS, ...shape })

/** What a caller may do: 10 minutes, and never longer than the policy's revision. */
export const permissionKind = <V>(shape: ValueShape<V>): DecisionKind<V> =>
  decisionKind({ name: 'permission', ttlMs: 10 * MINUTE_MS, isPolicyBound: true, ...shape })

/** Whether something stands in an allow-list: 10 minutes. */
export const allowListKind = <V>(shape: ValueShape<V>): DecisionKind<V> =>
  decisionKind({ name: 'allow-list', ttlMs: 10 * MINUTE_MS, ...shape })

/** Whether something is well-formed: 10 minutes. */
export const validationKind = <V>(shape: ValueShape<V>): DecisionKind<V> =>
  decisionKind({ name: 'validation', ttlMs: 10 * MINUTE_MS, ...shape })

/** What is known of a thing: an hour. */
export const metadataKind = <V>(shape: ValueShape<V>): ContentKind<V> =>
  contentKind({ name: 'metadata', ttlMs: HOUR_MS, ...shape })

/** Which things there are: 5 minutes. */
export const listKind = <V>(shape: ValueShape<V>): ContentKind<V> =>
  contentKind({ name: 'list', ttlMs: 5 * MINUTE_MS, patternDepth: 1, ...shape })
