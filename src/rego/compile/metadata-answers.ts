import type { Value } from '../values/index.ts'

/** What `rego.metadata.chain` and `rego.metadata.rule` return in one rule. */
export interface MetadataAnswers {
  chain(): Value
  rule(): Value
}
