import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { mayMatch } from './bloom.ts'
import { RecordColumns } from './columns.ts'
import { decodeSidecar, encodeSidecar, sealIndex } from './sidecar.ts'

const rows = fc.array(
  fc.record({
    kind: fc.integer({ min: 1, max: 4 }),
    timeMs: fc.integer({ min: 0, max: 100 }),
    tenant: fc.nat(2 ** 32 - 1),
    actor: fc.nat(2 ** 32 - 1),
    action: fc.nat(20),
    outcome: fc.nat(5),
    request: fc.nat(2 ** 32 - 1),
  }),
  { minLength: 1, maxLength: 50 },
)
const everything = { fromMs: -Infinity, toMs: Infinity }

function build(fields: readonly Parameters<RecordColumns['add']>[0][]): RecordColumns {
  const columns = new RecordColumns(1000)
  for (const [at, row] of fields.entries()) columns.add(row, at * 400)
  return columns
}

describe('the index of a segment', () => {
  test('survives being written and read', () => {
    fc.assert(
      fc.property(rows, (fields) => {
        const index = sealIndex(build(fields))
        const read = decodeSidecar(encodeSidecar(index, 77), 77)
        expect(read?.summary).toEqual(index.summary)
        for (const [row, expected] of fields.entries()) {
          expect(read?.columns.request[row]).toBe(expected.request)
          expect(read?.columns.offset[row]).toBe(row * 400)
          expect(read?.columns.kind[row]).toBe(expected.kind)
          expect(read?.columns.timeMs[row]).toBe(expected.timeMs)
        }
      }),
    )
  })

  test('is refused when any byte differs, when it is cut, or when the segment differs', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 255 }), (fields, at, flip) => {
        const file = encodeSidecar(sealIndex(build(fields)), 77)
        expect(decodeSidecar(file, 78)).toBeUndefined()
        expect(decodeSidecar(file.subarray(0, at % file.length), 77)).toBeUndefined()
        const damaged = file.slice()
        damaged[at % file.length]! ^= flip
        expect(decodeSidecar(damaged, 77)).toBeUndefined()
      }),
    )
  })

  test('never rules out a record that is there', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (fields, pick) => {
        const { summary, columns } = sealIndex(build(fields))
        const row = pick % fields.length
        const wanted = { ...fields[row], ...everything }
        expect(mayMatch(summary.bloom, wanted)).toBe(true)
        expect(columns.matches(row, wanted)).toBe(true)
        expect(columns.findBefore(fields.length, wanted)).toBeGreaterThanOrEqual(row)
      }),
    )
  })
})
