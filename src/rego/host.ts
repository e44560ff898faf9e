/** Nanoseconds since 1970 from the platform's clock, which policies see unless the host passes its own. */
export function systemNowNs(): bigint {
  const { timeOrigin } = performance
  return BigInt(Math.round((timeOrigin + performance.now()) * 1000)) * 1000n
}

/** Random bytes from the platform's generator. */
export function systemRandomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  for (let at = 0; at < count; at += 65536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(count, at + 65536)))
  return bytes
}

/** A random number, at least 0 and less than 1. */
export function systemRandom(): number {
  const bytes = systemRandomBytes(7)
  let value = bytes[0]! & 0x1f
  for (let i = 1; i < 7; i++) value = value * 256 + bytes[i]!
  return value / 2 ** 53
}
