/**
 * Remembers computed values for the most recently used keys.
 * @param entriesMax how many keys are kept.
 */
export function boundedCache<T>(
  entriesMax: number,
  compute: (key: string) => T,
): (key: string) => T {
  const entries = new Map<string, T>()
  let newest: { readonly key: string; readonly value: T } | undefined
  const find = (key: string): T => {
    const known = entries.get(key)
    if (known !== undefined) {
      entries.delete(key)
      entries.set(key, known)
      return known
    }
    const value = compute(key)
    if (entries.size >= entriesMax) {
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    }
    entries.set(key, value)
    return value
  }
  return (key) => {
    if (newest?.key === key) return newest.value
    const value = find(key)
    newest = { key, value }
    return value
  }
}
