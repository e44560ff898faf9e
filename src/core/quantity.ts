const DURATION_UNITS_MS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const

const SIZE_UNITS_BYTES = {
  B: 1,
  kB: 1000,
  KiB: 1024,
  MB: 1_000_000,
  MiB: 1_048_576,
  GB: 1_000_000_000,
  GiB: 1_073_741_824,
} as const

/** Milliseconds of a duration such as `250ms`, `30s`, `5m`, `24h`, `7d`; `undefined` otherwise. */
export const parseDurationMs = (text: string): number | undefined =>
  parseQuantity(text, DURATION_UNITS_MS)

/** Bytes of a size such as `512B`, `16KiB`, `1MiB`, `2GB`; `undefined` otherwise. */
export const parseSizeBytes = (text: string): number | undefined =>
  parseQuantity(text, SIZE_UNITS_BYTES)

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text)
  const factor = Object.hasOwn(units, match?.[2] ?? '') ? units[match?.[2] ?? ''] : undefined
  if (match === null || factor === undefined) return undefined
  const value = Number(match[1]) * factor
  return Number.isSafeInteger(value) ? value : undefined
}
