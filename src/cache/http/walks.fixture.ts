/** An origin that does whatever comes to mind, and remembers all of it: what walks through a cache are judged by. */
import fc from 'fast-check'
import { PlainAnswer } from '../../core/answer.ts'
import { utf8 } from '../../core/bytes.ts'
import type { Ask, Reply } from './rig.fixture.ts'

type Fields = Readonly<Record<string, string>>

/** What the origin allows, in seconds beyond the arrival. */
interface Policy {
  readonly control: string
  readonly freshS: number
  /** Also served for so long while it is refreshed. */
  readonly refreshedS?: number
  /** Also served for so long when the origin answers with an error. */
  readonly errorS?: number
  /** Neither clients nor outages may have it stale. */
  readonly isStrict?: boolean
  /** With credentials, too. */
  readonly isShared?: boolean
}

const POLICIES: readonly Policy[] = [
  { control: 'max-age=10', freshS: 10 },
  { control: 'max-age=10, must-revalidate', freshS: 10, isStrict: true, isShared: true },
  { control: 's-maxage=10', freshS: 10, isStrict: true, isShared: true },
  { control: 'public, max-age=10', freshS: 10, isShared: true },
  { control: 'max-age=10, stale-while-revalidate=20', freshS: 10, refreshedS: 20 },
  { control: 'max-age=10, stale-if-error=40', freshS: 10, errorS: 40 },
  { control: 'max-age=0, stale-while-revalidate=20', freshS: 0, refreshedS: 20 },
  { control: 'no-cache', freshS: 0, isStrict: true },
  { control: 'max-age=10, no-store', freshS: -Infinity, isStrict: true },
  { control: 'max-age=10, private', freshS: -Infinity, isStrict: true },
  { control: 'max-age=0', freshS: 0 },
  { control: '', freshS: -Infinity },
]

export const PATHS = {
  '/plain': {},
  '/tag': { isTagged: true },
  '/vary': { isTagged: true, varies: true },
} as const
export type Path = keyof typeof PATHS

export interface Doing {
  readonly path: Path
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly foo: string
  readonly policy: number
  readonly mode: 'well' | 'changed' | 'error' | 'missing' | 'down'
  readonly pauseS: number
}

const weighted = <T>(...values: readonly T[]) => fc.constantFrom(...values)
export const doing: fc.Arbitrary<Doing> = fc.record({
  path: weighted<Path>('/plain', '/tag', '/vary'),
  method: weighted(...Array<'GET'>(12).fill('GET'), 'HEAD', 'HEAD', 'HEAD', 'POST', 'PUT'),
  headers: weighted<Readonly<Record<string, string>>>(
    {},
    {},
    {},
    {},
    { range: 'bytes=0-4' },
    { range: 'bytes=5-9' },
    { range: 'bytes=2-7' },
    { range: 'bytes=-3' },
    { range: 'bytes=50-' },
    { range: 'bytes=0-1,4-5' },
    { range: 'bytes=0-4', 'if-range': '"1:"' },
    { 'if-none-match': '"1:"' },
    { 'if-none-match': '*' },
    { 'cache-control': 'no-cache' },
    { 'cache-control': 'no-store' },
    { 'cache-control': 'max-stale=15' },
    { 'cache-control': 'only-if-cached' },
    { 'cache-control': 'min-fresh=5' },
    { authorization: 'Basic x' },
    { authorization: 'Basic x', range: 'bytes=0-4' },
  ),
  foo: weighted('', '', '1'),
  policy: fc.nat(POLICIES.length - 1),
  mode: weighted(
    ...Array<'well'>(7).fill('well'),
    'changed',
    'changed',
    'error',
    'missing',
    'down',
  ),
  pauseS: weighted(0, 0, 0, 0, 0, 0, 3, 6, 12, 25, 70),
})

/** Something that the origin said, or that befell it. */
export interface Event {
  readonly kind: 'said' | 'changed' | 'failed'
  readonly path: Path
  readonly foo: string
  readonly id: string
  readonly atS: number
  /** What came to pass at the same time has the same. */
  readonly round: number
  readonly policy: Policy
  readonly status: number
  readonly isHead: boolean
  readonly asked: Readonly<Record<string, string>>
}

export const contentOf = (id: string): string => `${id}..........`.slice(0, 10)

/** The origin, and all that it said. */
export class Origin {
  readonly events: Event[] = []
  doing: Doing | undefined
  round = 0
  readonly #versions = new Map<Path, number>()
  readonly #nowS: () => number

  constructor(nowS: () => number) {
    this.#nowS = nowS
  }

  readonly answer: Ask = ({ conditions, sent }): Reply => {
    const { doing: now } = this
    if (now === undefined) throw new Error('nobody asked')
    const isOwn = conditions === undefined
    const method = sent.method ?? 'GET'
    const headers: Record<string, string> = { ...sent.headers }
    if (!isOwn) {
      for (const name of ['range', 'if-range', 'if-none-match']) delete headers[name]
      Object.assign(headers, Object.fromEntries(conditions))
    }
    return this.#reply(now, method, headers)
  }

  #reply(now: Doing, method: string, headers: Readonly<Record<string, string>>): Reply {
    const { path, mode } = now
    const isSafe = method === 'GET' || method === 'HEAD'
    const foo = PATHS[path] === PATHS['/vary'] ? (headers['foo'] ?? '') : ''
    // What something that renews says nothing of stays as it was, and it would be hard to tell what holds.
    const mayRenew = method === 'HEAD' || 'if-none-match' in headers || 'range' in headers
    const isMute = mayRenew && POLICIES[now.policy]?.control === ''
    const policy = POLICIES[isMute ? 0 : now.policy]!
    const tell = (kind: Event['kind'], id: string, status: number): void =>
      void this.events.push({
        kind,
        path,
        foo,
        id,
        status,
        policy,
        atS: this.#nowS(),
        round: this.round,
        isHead: method === 'HEAD',
        asked: { ...now.headers, sent: JSON.stringify(headers) },
      })
    let version = this.#versions.get(path) ?? 1
    if (mode === 'changed' || mode === 'missing' || (!isSafe && mode !== 'error')) version += 1
    this.#versions.set(path, version)
    if (mode === 'down') {
      tell(isSafe ? 'failed' : 'changed', '', 0)
      return 'down'
    }
    if (mode === 'error') {
      tell('failed', '', 503)
      return reply(503, {}, 'error')
    }
    if (!isSafe) {
      tell('changed', '', 204)
      return reply(204, {}, null)
    }
    const id = mode === 'missing' ? `404-${version}` : `${version}:${foo}`
    const fields: Fields = {
      'x-id': id,
      ...(policy.control !== '' && { 'cache-control': policy.control }),
      ...(PATHS[path] === PATHS['/vary'] && { vary: 'foo' }),
    }
    if (mode === 'missing') {
      tell('said', id, 404)
      return reply(404, fields, method === 'HEAD' ? null : contentOf(id))
    }
    const isTagged = PATHS[path] !== PATHS['/plain']
    const answer = answerOf(method, headers, isTagged ? { ...fields, etag: `"${id}"` } : fields)
    tell('said', id, answer.status)
    return answer
  }
}

/** Answers by the conditions and the range of a request (RFC 9110 §13.2.2). */
function answerOf(method: string, headers: Fields, fields: Fields): PlainAnswer {
  const content = contentOf(fields['x-id'] ?? '')
  const { etag } = fields
  const named = headers['if-none-match']
  const isSame = etag !== undefined && (named === '*' || named?.includes(etag) === true)
  if (isSame) return reply(304, fields, null)
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers['range'] ?? '')
  const isMet = headers['if-range'] === undefined || headers['if-range'] === etag
  if (range === null || !isMet || method !== 'GET') {
    const length = { 'content-length': String(content.length) }
    return reply(200, { ...fields, ...length }, method === 'HEAD' ? null : content)
  }
  const [, from = '', to = ''] = range
  const first = from === '' ? Math.max(0, 10 - Number(to)) : Number(from)
  const last = from === '' || to === '' ? 9 : Math.min(9, Number(to))
  if (first > 9) return reply(416, { ...fields, 'content-range': 'bytes */10' }, '')
  const place = { 'content-range': `bytes ${first}-${last}/10` }
  return reply(206, { ...fields, ...place }, content.slice(first, last + 1))
}

/** All of it at once: nothing is left under way when the next one asks. */
const reply = (status: number, fields: Fields, content: string | null): PlainAnswer =>
  new PlainAnswer(status, Object.entries(fields), content === null ? null : utf8(content))
