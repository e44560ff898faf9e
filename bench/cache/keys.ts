import { createSeededRandom } from '../../src/core/random.ts'

/** Keys as a gate would make them, 64 characters long and flat in memory. */
export function makeKeys(count: number): string[] {
  const random = createSeededRandom(11)
  const suffix = Math.floor(random.fraction() * 1e9)
  return Array.from({ length: count }, (_, number) => {
    const mixed = Math.imul(number ^ suffix, 0x9e3779b1) >>> 0
    const id = `${mixed.toString(36)}-${number.toString(36)}`.padStart(14, '0')
    return Buffer.from(`permission:tenant-acme:key_${id}:order:read`.padEnd(64, '.')).toString(
      'latin1',
    )
  })
}
