import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import type { Ask } from './rig.fixture.ts'
import { setUp } from './rig.fixture.ts'
import type { Doing, Event } from './walks.fixture.ts'
import { Origin, PATHS, contentOf, doing } from './walks.fixture.ts'

/**
 * Clients and an origin that do whatever comes to mind, one thing after the other, and several at once. Whatever
 * is answered from store must be what the origin said, for such a request, not too long ago, and nothing since may
 * have told the cache otherwise (RFC 9111 §4).
 */

setDefaultTimeout(60_000)

type Answer = Awaited<ReturnType<ReturnType<typeof setUp>['send']>>

/** Whether what is shown are the bytes that the origin gave that name. */
function isWhatItSays(answer: Answer, isHead: boolean): boolean {
  const id = answer.get('x-id')
  if (id === null || isHead || answer.status === 304 || answer.status === 416) return true
  const content = contentOf(id)
  if (answer.status !== 206) return answer.body === content
  const range = /^bytes (\d+)-(\d+)\/10$/.exec(answer.get('content-range') ?? '')
  return range !== null && answer.body === content.slice(Number(range[1]), Number(range[2]) + 1)
}

/** Somebody who was answered from store. */
interface Shown {
  readonly now: Doing
  readonly nowS: number
  /** How much had come to pass before he asked. */
  readonly before: number
}

/** Whether what the origin said, at that place of all that came to pass, may be shown. */
function mayShow(events: readonly Event[], at: number, shown: Shown): boolean {
  const { now, nowS, before } = shown
  const said = events[at]
  if (said === undefined) return false
  const { policy, asked, path } = said
  const ofPath = (event: Event): boolean => event.path === path
  const later = events.slice(at + 1, Math.max(before, at + 1)).filter(ofPath)
  if (later.some(({ kind }) => kind === 'changed')) return false
  if (later.some((event) => contradicts(event, said))) return false
  if (asked['cache-control'] === 'no-store') return false
  if (asked['authorization'] !== undefined && policy.isShared !== true) return false
  const staleS = nowS - said.atS - policy.freshS
  if (staleS < 0) return true
  if (policy.control === 'no-cache' || policy.freshS < 0) return false
  const takesStale = now.headers['cache-control'] === 'max-stale=15'
  if (policy.isStrict !== true && takesStale && staleS <= 15) return true
  if (policy.refreshedS !== undefined && staleS < policy.refreshedS) return true
  // Of what it hears at once, it cannot tell which came last.
  const isHeard = (event: Event, index: number): boolean => index > at || event.round === said.round
  const failures = events.filter(
    (event, index) => event.kind === 'failed' && ofPath(event) && isHeard(event, index),
  )
  if (failures.length === 0) return false
  const isDown = failures.some(({ status }) => status === 0)
  return staleS < (policy.errorS ?? 0) || (isDown && policy.isStrict !== true && staleS < 60)
}

/** Whether the cache was told since that it is otherwise; of what it hears at once, it cannot tell which came last. */
const contradicts = (event: Event, said: Event): boolean =>
  event.kind === 'said' &&
  event.round > said.round &&
  event.foo === said.foo &&
  event.id !== said.id &&
  !event.isHead &&
  event.status !== 206 &&
  event.asked['cache-control'] !== 'no-store' &&
  // What one caller alone may be told is no word about the others.
  (event.asked['authorization'] === undefined || event.policy.isShared === true) &&
  // It may have been asked in the client's own words, and was not judged then.
  event.asked['if-none-match'] === undefined &&
  !(event.status >= 400 && event.asked['range'] !== undefined)

/** So many turns of what waits for nothing else. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

/** Where nothing tells what HEAD speaks of, it renews whatever is stored (RFC 9111 §4.3.5). */
const told = (step: Doing): Doing =>
  step.path === '/plain' && step.method === 'HEAD' ? { ...step, method: 'GET' } : step

/** Goes through groups of steps, those of one group at once; the origin takes its turns to answer. */
async function walk(
  groups: readonly (readonly Doing[])[],
  pauses: readonly number[],
): Promise<number> {
  const gate = setUp()
  const steps = groups.flat().map(told)
  const origin = new Origin(() => gate.clock.nowMs() / 1000)
  let paused = 0
  const pause = (): Promise<void> => turns(pauses[(paused += 1) % pauses.length] ?? 0)
  const answer: Ask = async (asking) => {
    await pause()
    origin.doing = steps[Number(asking.sent.headers?.['x-step'])]
    const reply = origin.answer(asking)
    await pause()
    return reply
  }
  gate.answerWith(answer)
  let hits = 0
  let taken = 0
  for (const group of groups) {
    origin.round += 1
    gate.clock.advance((group[0]?.pauseS ?? 0) * 1000)
    const before = origin.events.length
    const asking = group.map(async (step) => {
      const now = told(step)
      const foo = now.foo === '' ? {} : { foo: now.foo }
      const headers = { ...now.headers, ...foo, 'x-step': String(taken++) }
      return { now, answer: await gate.send({ method: now.method, target: now.path, headers }) }
    })
    const answered = await Promise.all(asking)
    await turns(300)
    const nowS = gate.clock.nowMs() / 1000
    for (const { now, answer: got } of answered) {
      const shown = { now, nowS, before }
      hits += judge(origin.events, shown, got) ? 1 : 0
    }
  }
  return hits
}

/** Throws when an answer is not what it may be; whether it came from store. */
function judge(events: readonly Event[], shown: Shown, got: Answer): boolean {
  const { now } = shown
  const words = `${JSON.stringify(now)} got ${got.status} ${got.get('x-id')} ${got.body} ${got.get('cache-status')}`
  if (!isWhatItSays(got, now.method === 'HEAD')) throw new Error(`other bytes: ${words}`)
  const id = got.get('x-id')
  if (
    id === null ||
    !/; (?:hit|collapsed|detail=stale-if-error)\b/.test(got.get('cache-status') ?? '')
  )
    return false
  const foo = PATHS[now.path] === PATHS['/vary'] ? now.foo : ''
  const isOf = (event: Event): boolean =>
    event.kind === 'said' && event.path === now.path && event.foo === foo && event.id === id
  if (events.some((event, at) => isOf(event) && mayShow(events, at, shown))) return true
  throw new Error(`no leave: ${words}`)
}

test.each([
  ['one after the other', 1],
  ['several at once', 4],
])('whatever comes to pass, %s, nothing is shown that may not be', async (_, atOnceMax) => {
  let hits = 0
  const group = fc.array(doing, { minLength: 1, maxLength: atOnceMax, size: 'max' })
  const groups = fc.array(group, { minLength: 6, maxLength: 24 / atOnceMax + 6, size: 'max' })
  const pauses = fc.array(fc.nat(30), { minLength: 3, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(groups, pauses, async (steps, waits) => {
      hits += await walk(steps, waits)
    }),
    // The same walks every time: another run is no other test.
    { numRuns: 1000, seed: 9111 },
  )
  expect(hits).toBeGreaterThan(1000)
})
