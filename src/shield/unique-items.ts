/**
 * Whether all items differ (JSON Schema validation §6.4.3), in time linear in their size: comparing every pair would
 * let a body of a megabyte keep the gate busy for minutes.
 */
export function areItemsUnique(items: readonly unknown[]): boolean {
  const seen = new Set<unknown>()
  for (const item of items) {
    const identity = typeof item === 'object' && item !== null ? canonicalText(item) : plain(item)
    if (seen.has(identity)) return false
    seen.add(identity)
  }
  return true
}

/** Marks strings, so that none is mistaken for the text of an object. */
const plain = (value: unknown): unknown => (typeof value === 'string' ? `"${value}` : value)

function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, within]) => `${JSON.stringify(name)}:${canonicalText(within)}`)
  return `{${members.join()}}`
}
