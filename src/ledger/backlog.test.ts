import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Piece } from './backlog.ts'
import { Backlog } from './backlog.ts'

const REQUESTS_MAX = 256

const linesOf = (piece: Piece): string[] =>
  piece.bytes.toString('utf8', 0, piece.used).split('\n').slice(0, -1)

function addRequest(backlog: Backlog, line: string): void {
  backlog.add(Buffer.from(`${line}\n`)).requests += 1
  backlog.requests += 1
}

describe('the lines that wait for the log', () => {
  test('come back in order and whole, and what is being written does not change', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ lengths: fc.array(fc.nat(200_000), { maxLength: 20 }) }),
        fc.record({ take: fc.nat(5) }),
        fc.record({ close: fc.constant(true) }),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const backlog = new Backlog(REQUESTS_MAX)
        const added: string[] = []
        const written: string[] = []
        let writing: Piece | undefined
        const write = (): boolean => {
          if (writing !== undefined) {
            written.push(...linesOf(writing))
            backlog.release(writing)
          }
          writing = backlog.take()
          return writing !== undefined
        }
        for (const step of all) {
          if ('close' in step) backlog.close()
          else if ('take' in step) for (let at = 0; at < step.take; at++) write()
          else {
            for (const length of step.lengths) {
              added.push(`${added.length} ${'x'.repeat(length)}`)
              addRequest(backlog, added.at(-1)!)
            }
          }
          expect(backlog.requests).toBe(added.length - written.length)
        }
        for (let hasMore = true; hasMore;) hasMore = write()
        expect(written).toEqual(added)
        expect(backlog.requests).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  test('are full by their number, and have room again once they are written', () => {
    const backlog = new Backlog(REQUESTS_MAX)
    for (let at = 0; at < REQUESTS_MAX; at++) {
      expect(backlog.isFull).toBe(false)
      addRequest(backlog, `${at}`)
    }
    expect(backlog.isFull).toBe(true)
    const piece = backlog.take()!
    expect(backlog.isFull).toBe(true)
    backlog.release(piece)
    expect(backlog.isFull).toBe(false)
  })

  test('are full by their bytes, however few they are', () => {
    const backlog = new Backlog(REQUESTS_MAX)
    while (!backlog.isFull) addRequest(backlog, 'x'.repeat(30_000))
    expect(backlog.requests).toBeGreaterThan(5)
    expect(backlog.requests).toBeLessThan(20)
    backlog.clear()
    expect(backlog).toMatchObject({ isFull: false, requests: 0 })
  })

  test('press when a piece is full or holds more than requests', () => {
    const backlog = new Backlog(REQUESTS_MAX)
    addRequest(backlog, 'a')
    expect(backlog.isPressing).toBe(false)
    backlog.add(Buffer.from('b\n')).isPressing = true
    expect(backlog.isPressing).toBe(true)
    backlog.release(backlog.take()!)
    expect(backlog.isPressing).toBe(false)
    for (let at = 0; at < 10; at++) addRequest(backlog, 'x'.repeat(30_000))
    expect(backlog.isPressing).toBe(true)
  })
})
