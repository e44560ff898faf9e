import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

test('the plan that ships is one, its programs and experiments are there, and only logs stay unknown', () => {
  const folder = join(import.meta.dir, '../plans')
  const plan = readPlan(readFileSync(join(folder, 'gate.yaml'), 'utf8'), 'gate.yaml')
  for (const { command } of plan.checklist) {
    const program = command?.find((part) => part.startsWith('checks/'))
    if (program !== undefined) expect(existsSync(join(folder, program))).toBe(true)
  }
  const unchecked = plan.checklist.filter(
    (item) => (item.http ?? item.file ?? item.command ?? item.shutdown) === undefined,
  )
  expect(unchecked.map(({ id }) => id)).toEqual(['logs'])
  const used = new Set(plan.claims.map(({ of }) => of))
  expect(Object.keys(plan.experiments).filter((name) => !used.has(name))).toEqual([])
})
