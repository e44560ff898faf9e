import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { setUp } from './rig.fixture.ts'
import type { Doing, Event } from './walks.fixture.ts'
import { Origin, PATHS, contentOf, doing } from './walks.fixture.ts'

/**
 * Clients and an origin that do whatever comes to mind, one thing after the other. Whatever is answered without
 * asking must be what the origin said, for such a request, not too long ago, and nothing since may have told
 * the cache otherwise (RFC 9111 §4).
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

/** Whether what the origin said once, at that place of all that came to pass, may be shown now without asking. */
function mayShow(events: readonly Event[], at: number, now: Doing, nowS: number): boolean {
  const said = events[at]
  if (said === undefined) return false
  const { policy, asked } = said
  const ageS = nowS - said.atS
  const later = events.slice(at + 1).filter(({ path }) => path === said.path)
  if (later.some(({ kind }) => kind === 'changed')) return false
  const contradicts = (event: Event): boolean =>
    event.kind === 'said' &&
    event.foo === said.foo &&
    event.id !== said.id &&
    !event.isHead &&
    event.status !== 206 &&
    event.asked['cache-control'] !== 'no-store' &&
    // It may have been asked in the client's own words, and was not judged then.
    event.asked['if-none-match'] === undefined &&
    !(event.status >= 400 && event.asked['range'] !== undefined)
  if (later.some(contradicts)) return false
  if (asked['cache-control'] === 'no-store') return false
  if (asked['authorization'] !== undefined && policy.isShared !== true) return false
  if (ageS < policy.freshS) return true
  if (policy.control === 'no-cache' || policy.freshS < 0) return false
  const wants = now.headers['cache-control'] ?? ''
  const staleS = ageS - policy.freshS
  if (policy.isStrict !== true && wants === 'max-stale=15' && staleS <= 15) return true
  if (policy.refreshedS !== undefined && staleS < policy.refreshedS) return true
  const failures = later.filter(({ kind }) => kind === 'failed')
  if (failures.length === 0) return false
  const isDown = failures.some(({ status }) => status === 0)
  return staleS < (policy.errorS ?? 0) || (isDown && policy.isStrict !== true && staleS < 60)
}

async function walk(steps: readonly Doing[]): Promise<number> {
  const gate = setUp()
  const origin = new Origin(() => gate.clock.nowMs() / 1000)
  gate.answerWith(origin.answer)
  let hits = 0
  for (const step of steps) {
    // Where nothing tells what HEAD speaks of, it renews whatever is stored (RFC 9111 §4.3.5).
    const isVague = step.path === '/plain' && step.method === 'HEAD'
    const now: Doing = isVague ? { ...step, method: 'GET' } : step
    gate.clock.advance(now.pauseS * 1000)
    const nowS = gate.clock.nowMs() / 1000
    origin.doing = now
    origin.foreground = 0
    const before = origin.events.length
    const headers = now.foo === '' ? now.headers : { ...now.headers, foo: now.foo }
    const answer = await gate.send({ method: now.method, target: now.path, headers })
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
    const told = `${JSON.stringify(now)} got ${answer.status} ${answer.get('x-id')} ${answer.body} ${answer.get('cache-status')}`
    if (!isWhatItSays(answer, now.method === 'HEAD')) throw new Error(`other bytes: ${told}`)
    const id = answer.get('x-id')
    if (origin.foreground > 0 || id === null) continue
    hits += 1
    const mine = PATHS[now.path] === PATHS['/vary'] ? now.foo : ''
    const known = origin.events.slice(0, before)
    const isAllowed = known.some(
      (event, at) =>
        event.kind === 'said' &&
        event.path === now.path &&
        event.foo === mine &&
        event.id === id &&
        mayShow(known, at, now, nowS),
    )
    if (!isAllowed) throw new Error(`no leave: ${told}`)
  }
  return hits
}

test('whatever comes to pass, nothing is shown that may not be', async () => {
  let hits = 0
  const walks = fc.array(doing, { minLength: 10, maxLength: 25, size: 'max' })
  await fc.assert(
    fc.asyncProperty(walks, async (steps) => {
      hits += await walk(steps)
    }),
    // The same walks every time: another run is no other test.
    { numRuns: 1000, seed: 9111 },
  )
  expect(hits).toBeGreaterThan(1000)
})
