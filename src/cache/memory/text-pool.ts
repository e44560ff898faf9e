import type { Placement, Pool } from './pool.ts'

/** A pool for keys that are text, already hashed by their maker. */
export interface TextPool {
  get(key: string, hash: number, nowMs: number): unknown
  set(key: string, hash: number, value: unknown, placement: Placement): boolean
  delete(key: string, hash: number): boolean
  sweep(nowMs: number, slotsMax: number): number
  readonly bytes: number
  readonly size: number
}

/** Presents a {@link Pool} as a {@link TextPool}; all its keys must come through it. */
export function textPool(pool: Pool): TextPool {
  return {
    get: (key, hash, nowMs) => pool.get({ scope: '', name: key, hash }, nowMs),
    set: (key, hash, value, placement) =>
      pool.set({ scope: '', name: key, hash }, value, placement),
    delete: (key, hash) => pool.delete({ scope: '', name: key, hash }),
    sweep: (nowMs, slotsMax) => pool.sweep(nowMs, slotsMax),
    get bytes() {
      return pool.bytes
    },
    get size() {
      return pool.size
    },
  }
}
