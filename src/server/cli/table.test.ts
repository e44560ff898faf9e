import { describe, expect, test } from 'bun:test'
import { renderFields } from './table.ts'

const PLAIN = { color: false, aligned: false }

describe('the fields of one thing', () => {
  test('stand in a line each, those of fields with dots', () => {
    const value = { id: 'a', at: { x: 1, y: { z: null } }, tags: ['p', 'q'], none: [], empty: {} }
    expect(renderFields(value, PLAIN)).toBe(
      'id\ta\nat.x\t1\nat.y.z\t-\ntags\tp,q\nnone\t-\nempty\t-\n',
    )
  })

  test('items of a list are named by what names them, else by their place', () => {
    const layers = [
      { layer: 'admit', pass: 1 },
      { layer: 'limit', pass: 2 },
    ]
    expect(renderFields({ layers }, PLAIN)).toBe('layers.admit.pass\t1\nlayers.limit.pass\t2\n')
    const same = [
      { kind: 'a', n: 1 },
      { kind: 'a', n: 2 },
    ]
    expect(renderFields({ same, pairs: [[1, 2], [{ n: 3 }]] }, PLAIN)).toBe(
      'same.0.kind\ta\nsame.0.n\t1\nsame.1.kind\ta\nsame.1.n\t2\npairs.0\t1,2\npairs.1.0.n\t3\n',
    )
  })

  test('names and values cannot steer the terminal', () => {
    expect(renderFields({ 'a\u001B[2J': { b: '\u001B[2J' } }, PLAIN)).toBe(
      'a\\u001b[2J.b\t\\u001b[2J\n',
    )
  })
})
