/** Returns the first value made for a key, so that equal values are held once; bounded. */
export function createInterner<V>(entriesMax: number): (key: string, make: () => V) => V {
  const values = new Map<string, V>()
  return (key, make) => {
    const known = values.get(key)
    if (known !== undefined) return known
    if (values.size >= entriesMax) values.clear()
    const made = make()
    values.set(key, made)
    return made
  }
}
