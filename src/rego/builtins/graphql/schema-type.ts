import type { Definition, DirectiveDefinition, Positions } from './ast.ts'

/** A schema ready to validate queries against. */
export interface Schema {
  readonly types: ReadonlyMap<string, Definition>
  readonly directives: ReadonlyMap<string, DirectiveDefinition>
  /** The types that a value of an abstract type may have; for an object type, only itself. */
  readonly possibleTypes: ReadonlyMap<string, readonly Definition[]>
  /** The root type of each kind of operation. */
  readonly roots: ReadonlyMap<string, Definition>
  readonly positions: Positions
}
