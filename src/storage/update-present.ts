import type { Change, Records } from './records.ts'

type Update = Extract<Change, { readonly op: 'update' }>

/**
 * Applies updates in as few commits as possible, leaving out those whose row no longer exists. They are not one batch:
 * if this rejects, some may have been applied. The cost grows with the number of updates, however many rows are
 * missing.
 */
export async function updatePresent(records: Records, updates: readonly Update[]): Promise<void> {
  let rest = updates
  while (rest.length > 0) {
    const outcome = await records.commit(rest)
    if (outcome.ok) return
    await updatePresent(records, rest.slice(0, outcome.change))
    rest = rest.slice(outcome.change + 1)
  }
}
