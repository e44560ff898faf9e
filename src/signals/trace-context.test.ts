import { describe, expect, test } from 'bun:test'
import { createSeededRandom } from '../core/random.ts'
import { createTraces, parseTraceparent, parseTracestate } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const parent = `00-${TRACE}-${SPAN}-01`

describe('traceparent', () => {
  test('of version 00 is read', () => {
    expect(parseTraceparent(parent)).toEqual({ traceId: TRACE, parentId: SPAN, flags: 1 })
  })

  test('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-more`)?.traceId).toBe(TRACE)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)?.traceId).toBe(TRACE)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01.more`)).toBeUndefined()
  })

  test.each([
    '',
    'x',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01-`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `${parent}, ${parent}`,
  ])('%p is not accepted', (header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })
})

describe('tracestate', () => {
  test('is passed on without empty members and outer white space', () => {
    expect(parseTracestate(' a=1 ,, b@v=2\t,c*/_-=x y')).toBe('a=1,b@v=2,c*/_-=x y')
    expect(parseTracestate('')).toBe('')
  })

  test.each([
    'A=1',
    'a',
    '=1',
    'a=',
    'a=1,a=2',
    'a=x=y',
    'a=ü',
    'a b=1',
    `${'k'.repeat(257)}=1`,
    `k=${'v'.repeat(257)}`,
    Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(),
    `a=${'v'.repeat(200)},`.repeat(100),
  ])('%p is dropped', (header) => {
    expect(parseTracestate(header)).toBeUndefined()
  })

  test('may have 32 members, keys and values of 256 characters', () => {
    const members = Array.from({ length: 32 }, (_, at) => `k${at}=1`).join()
    expect(parseTracestate(members)).toBe(members)
    const longest = `${'k'.repeat(256)}=${'v'.repeat(256)}`
    expect(parseTracestate(longest)).toBe(longest)
  })
})

describe('a trace', () => {
  test('goes on with a span of its own', () => {
    const trace = createTraces(createSeededRandom(1)).begin(parent, 'a=1')
    expect(trace).toMatchObject({
      traceId: TRACE,
      parentId: SPAN,
      sampled: true,
      tracestate: 'a=1',
    })
    expect(trace.spanId).not.toBe(SPAN)
    expect(trace.traceparent).toBe(`00-${TRACE}-${trace.spanId}-01`)
  })

  test('keeps the flags it knows and clears the others', () => {
    const traces = createTraces(createSeededRandom(1))
    expect(traces.begin(`00-${TRACE}-${SPAN}-ff`, null).traceparent.endsWith('-03')).toBe(true)
    expect(traces.begin(`00-${TRACE}-${SPAN}-f0`, null)).toMatchObject({ sampled: false })
  })

  test('starts anew without the state when the parent is not valid', () => {
    const trace = createTraces(createSeededRandom(1)).begin('00-junk', 'a=1')
    expect(trace).toMatchObject({ parentId: '', sampled: false, tracestate: '' })
    expect(parseTraceparent(trace.traceparent)).toMatchObject({ traceId: trace.traceId })
  })

  test('goes on without a state that is not valid', () => {
    const trace = createTraces(createSeededRandom(1)).begin(parent, 'a=1,a=2')
    expect(trace).toMatchObject({ traceId: TRACE, tracestate: '' })
  })

  test('has ids that do not repeat and are never zero', () => {
    const traces = createTraces(createSeededRandom(1))
    const started = Array.from({ length: 2000 }, () => traces.begin(null, null))
    expect(new Set(started.map(({ traceId }) => traceId)).size).toBe(2000)
    expect(new Set(started.map(({ spanId }) => spanId)).size).toBe(2000)
    const zeros = {
      bytes: (length: number) => new Uint8Array(length).fill(zeros.fills++ === 0 ? 0 : 7),
      fraction: () => 0,
      fills: 0,
    }
    expect(createTraces(zeros).begin(null, null).traceId).not.toMatch(/^0+$/)
  })
})
