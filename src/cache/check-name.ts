import type { Name, NameKind } from './contract.ts'

/** Everything that can be invalidated in one step. */
export const NAME_KINDS: readonly NameKind[] = ['key', 'tag', 'tenant', 'prefix', 'policy', 'all']

/**
 * Refuses what is not a {@link Name}: an invalidation that hits nothing must not look like a successful one.
 *
 * @throws TypeError saying what is wrong
 */
export function checkName({ kind, name }: Name): void {
  if (!NAME_KINDS.includes(kind)) throw new TypeError(`"${kind}" is not a kind of name`)
  if (typeof name !== 'string') throw new TypeError(`the name of a ${kind} must be text`)
}
