/** The label value of series beyond the bound of a family. */
export const OTHER = 'other'

/**
 * Gives each combination of label values a small integer, up to a bound; combinations beyond it share
 * slot 0, whose labels all read `other`. A family without labels has slot 0 alone.
 */
export interface SlotTable {
  readonly labels: readonly string[]
  /** The slot of these label values; allocated on first use. */
  slot(values: readonly string[]): number
  /** Slots in use with their label values, in order of first use. */
  used(): readonly { readonly slot: number; readonly values: readonly string[] }[]
}

/** Creates a {@link SlotTable} of at most `slotsMax` slots, slot 0 included. */
export function createSlotTable(labels: readonly string[], slotsMax: number): SlotTable {
  const byKey = new Map<string, number>()
  const used: { slot: number; values: readonly string[] }[] = []
  let next = labels.length === 0 ? 0 : 1
  let overflowed = false
  const take = (key: string, slot: number, values: readonly string[]): number => {
    byKey.set(key, slot)
    used.push({ slot, values })
    return slot
  }
  if (labels.length === 0) take('', next++, [])
  return {
    labels,
    slot(values) {
      if (values.length !== labels.length) {
        throw new RangeError(`expected ${labels.length} label values, got ${values.length}`)
      }
      const key = JSON.stringify(values)
      const known = labels.length === 0 ? 0 : byKey.get(key)
      if (known !== undefined) return known
      if (next < slotsMax) return take(key, next++, [...values])
      if (!overflowed) used.push({ slot: 0, values: labels.map(() => OTHER) })
      overflowed = true
      return 0
    },
    used: () => used,
  }
}
