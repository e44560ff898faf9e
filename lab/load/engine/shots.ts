import type { Json, Random } from '../../core/index.ts'
import type { RequestData, Scope, Template } from '../../scenario/index.ts'
import { createPicker, parseTemplate, rootsOf } from '../../scenario/index.ts'
import type { LoadJob } from '../job.ts'
import { requestBytes } from '../wire/request-bytes.ts'
import type { Expectation } from '../wire/response-parser.ts'
import type { AnswerCheck } from './answer-check.ts'
import { compileCheck } from './answer-check.ts'

/** A request, ready to be sent. */
export interface Shot {
  readonly bytes: Uint8Array
  /** Text that the body of its answer must include. */
  readonly bodyIncludes: string | undefined
}

/** Makes the requests of one entry of the scenario. */
export interface Gun {
  readonly request: RequestData
  readonly index: number
  readonly check: AnswerCheck
  readonly expectation: Expectation
  /** The next request; `captured` are values from earlier answers in the same flow. */
  next(captured: Scope | undefined): Shot
}

/** Bytes of prepared requests that are kept, per worker. */
const KEPT_BYTES_MAX = 64 * 2 ** 20

/** Prepares every request of a scenario. */
export function createGuns(job: LoadJob, random: Random): Gun[] {
  const drawers = createDrawers(job, random)
  const budget = { bytes: KEPT_BYTES_MAX }
  return job.scenario.requests.map((request, index) => {
    const check = compileCheck(request.checks)
    const wantsHeader = request.captures.some(({ from }) => 'header' in from)
    const wantsJson = request.captures.some(({ from }) => 'json' in from)
    const expectation = {
      isHead: request.method === 'HEAD',
      keepHead: check.needsHead || wantsHeader || job.classify !== null,
      keepBody: check.needsBody || wantsJson,
    }
    const next = createShots(job, request, drawers, budget)
    return { request, index, check, expectation, next }
  })
}

interface Drawer {
  readonly rows: readonly Json[]
  readonly draw: () => number
}

type Drawers = ReadonlyMap<string, Drawer>

function createDrawers({ scenario, share }: LoadJob, random: Random): Drawers {
  return new Map(
    Object.entries(scenario.feeds).map(([name, { rows, pick }]) => {
      const offset = Math.floor((share.index * rows.length) / share.count)
      const draw = createPicker(pick, rows.length, random.fork(`feed ${name}`), offset)
      return [name, { rows, draw }]
    }),
  )
}

/** Renders the templates of a request anew for each. */
function createRenderer(job: LoadJob, request: RequestData): (scope: Scope) => Shot {
  const parse = (text: string, encoding: Parameters<typeof parseTemplate>[1]): Template =>
    parseTemplate(text, encoding)
  const path = parse(request.path, 'path')
  const headers = request.headers.map(([name, value]) => [name, parse(value, 'header')] as const)
  const body =
    request.body === null ? null : parse(request.body, request.bodyIsJson ? 'json' : 'text')
  const { bodyIncludes } = request.checks
  const included = bodyIncludes === undefined ? undefined : parse(bodyIncludes, 'text')
  return (scope) => ({
    bytes: requestBytes(job.target.authority, {
      method: request.method,
      path: path.render(scope),
      headers: headers.map(([name, value]) => [name, value.render(scope)] as const),
      body: body === null ? null : body.render(scope),
    }),
    bodyIncludes: included?.render(scope),
  })
}

/**
 * Requests that depend on only one feed are written once for each of its rows and kept, as far as the
 * budget allows; others are written each time.
 */
function createShots(
  job: LoadJob,
  request: RequestData,
  drawers: Drawers,
  budget: { bytes: number },
): (captured: Scope | undefined) => Shot {
  const render = createRenderer(job, request)
  const used = usedDrawers(request, drawers)
  const fixed: Record<string, Json> = {}
  for (const [name, { rows }] of used) if (rows.length === 1) fixed[name] = rows[0]!
  const drawn = used.filter(([, { rows }]) => rows.length > 1)
  const needsCaptured = rootsOf(request).some((root) => !drawers.has(root))
  if (needsCaptured || drawn.length > 1) {
    return (captured) => {
      const scope: Record<string, Json> = { ...fixed, ...captured }
      for (const [name, { rows, draw }] of drawn) scope[name] = rows[draw()]!
      return render(scope)
    }
  }
  const [only] = drawn
  if (only === undefined) {
    const shot = render(fixed)
    return () => shot
  }
  const [name, { rows, draw }] = only
  const kept: (Shot | undefined)[] = Array.from({ length: rows.length }, () => undefined)
  return () => {
    const row = draw()
    const known = kept[row]
    if (known !== undefined) return known
    const shot = render({ ...fixed, [name]: rows[row]! })
    budget.bytes -= shot.bytes.length
    if (budget.bytes >= 0) kept[row] = shot
    return shot
  }
}

function usedDrawers(request: RequestData, drawers: Drawers): [string, Drawer][] {
  return rootsOf(request).flatMap((root): [string, Drawer][] => {
    const drawer = drawers.get(root)
    return drawer === undefined ? [] : [[root, drawer]]
  })
}
