import { describe, expect, test } from 'bun:test'
import { LabError } from '../core/index.ts'
import { readPlan } from './plan.ts'

const PLAN = `title: Before going live
target: http://127.0.0.1:8080
experiments:
  load:
    run: load --rate 1000 --duration 30s
claims:
  - id: p99
    text: p99 below 50 ms
    of: load
    expect: response.p99 < 50ms
checklist:
  - id: metrics
    text: Metrics are reachable
    http: { url: 'http://127.0.0.1:8080/metrics', contains: tollgate_ }
  - id: on-call
    text: Somebody is on call
`

describe('readPlan', () => {
  test('reads experiments, claims and checks, with defaults', () => {
    const plan = readPlan(PLAN, 'claims.yaml')
    expect(plan.experiments['load']?.run).toEqual(['load', '--rate', '1000', '--duration', '30s'])
    expect(plan.claims[0]?.expect[0]).toMatchObject({ figure: 'response.p99', value: 50 })
    expect(plan.checklist[0]?.http?.status).toBe(200)
    expect(plan.checklist[1]?.timeoutMs).toBe(60_000)
  })

  test.each([
    ['of: load', 'of: lod', 'claims.yaml:9:9: no experiment is called lod; there are: load'],
    ['response.p99 < 50ms', 'fast', 'claims.yaml:10:13: claims.0.expect'],
    ['id: on-call', 'id: metrics', 'claims.yaml:15:9: the id metrics stands twice'],
    ['title: Before going live', 'title: [', 'claims.yaml:'],
    ['contains: tollgate_ }', 'contain: x }', 'Unrecognized key: "contain"'],
    ['http: {', 'command: [a]\n    http: {', 'one check per item'],
  ])('%p become %p: says where and what', (from, to, message) => {
    const read = () => readPlan(PLAN.replace(from, to), 'claims.yaml')
    expect(read).toThrow(LabError)
    expect(read).toThrow(message)
  })
})
