import type { Value } from '../values/index.ts'
import type { Span } from './ast.ts'

/** What a `# METADATA` block says about a rule, a document or a package. */
export interface Annotations extends Span {
  readonly scope: 'rule' | 'document' | 'package' | 'subpackages'
  readonly title?: string
  readonly description?: string
  readonly entrypoint?: boolean
  readonly organizations?: readonly string[]
  readonly authors?: readonly Value[]
  readonly relatedResources?: readonly Value[]
  readonly schemas?: readonly Value[]
  readonly custom?: Value
  /** The block as `rego.metadata.rule` returns it. */
  readonly value: Value
  /** The path of its target beneath `data`; set once the target is known. */
  path?: readonly string[]
}
