import type { TrafficEntry } from './record.ts'
import { utf8 } from '../core/bytes.ts'
import { hashText, quote } from './text.ts'

/** The part of a record that depends on its tenant and the kind of its actor. */
export interface HeadFragment {
  readonly actorKind: string
  /** `,"kind":"traffic",…,"actor":{"kind":"key","id":"`, up to the actor's id, if there is one. */
  readonly text: string
  readonly bytes: Uint8Array
  readonly tenant: number
}

/** The part of a record that depends on its route and outcome. */
export interface BodyFragment {
  readonly routeText: string
  readonly outcomeText: string
  readonly actionText: string
  readonly methodText: string
  readonly status: number
  readonly hasActor: boolean
  readonly text: string
  /** The bytes up to the request id. */
  readonly bytes: Uint8Array
  readonly action: number
  readonly outcome: number
  /** {@link BodyFragment.bytes} with the first part of a request id, and the index hash of that part. */
  begun:
    | { readonly requestId: string; readonly bytes: Uint8Array; readonly hash: number }
    | undefined
}

/** Keeps the fragments of records, so that each is made once per tenant or route. Bounded. */
export interface Fragments {
  head(tenantId: string, actorKind: string): HeadFragment
  body(entry: TrafficEntry): BodyFragment
}

const NAMES_MAX = 4096
const VARIANTS_MAX = 32

/** Creates empty {@link Fragments}. */
export function createFragments(): Fragments {
  const heads = createBuckets<HeadFragment>()
  const bodies = createBuckets<BodyFragment>()
  let newest: BodyFragment | undefined
  return {
    head(tenantId, actorKind) {
      const variants = heads(tenantId)
      for (const head of variants) if (head.actorKind === actorKind) return head
      const head = makeHead(tenantId, actorKind)
      variants.push(head)
      return head
    },
    body(entry) {
      if (newest !== undefined && isOf(newest, entry)) return newest
      const variants = bodies(entry.route)
      newest = variants.find((body) => isOf(body, entry))
      if (newest === undefined) {
        newest = makeBody({ ...entry, hasActor: entry.actorKind !== '' })
        variants.push(newest)
      }
      return newest
    },
  }
}

const isOf = (body: BodyFragment, entry: TrafficEntry): boolean =>
  body.status === entry.status &&
  body.hasActor === (entry.actorKind !== '') &&
  body.routeText === entry.route &&
  body.outcomeText === entry.outcome &&
  body.actionText === entry.action &&
  body.methodText === entry.method

function createBuckets<T>(): (name: string) => T[] {
  const buckets = new Map<string, T[]>()
  return (name) => {
    const found = buckets.get(name)
    if (found !== undefined) {
      if (found.length >= VARIANTS_MAX) found.length = 0
      return found
    }
    if (buckets.size >= NAMES_MAX) buckets.clear()
    const made: T[] = []
    buckets.set(name, made)
    return made
  }
}

function makeHead(tenantId: string, actorKind: string): HeadFragment {
  const tenant = tenantId === '' ? '' : `,"tenantId":${quote(tenantId)}`
  const actor = actorKind === '' ? '' : `,"actor":{"kind":${quote(actorKind)},"id":"`
  const text = `,"kind":"traffic"${tenant}${actor}`
  return { actorKind, text, bytes: utf8(text), tenant: hashText(tenantId) }
}

function makeBody(of: {
  readonly route: string
  readonly action: string
  readonly outcome: string
  readonly method: string
  readonly status: number
  readonly hasActor: boolean
}): BodyFragment {
  const { route, action, outcome, method, status, hasActor } = of
  const text = [
    `,"action":${quote(action)},"outcome":${quote(outcome)}`,
    status === 0 ? '' : `,"status":${status}`,
    route === '' ? '' : `,"route":${quote(route)}`,
    method === '' ? '' : `,"method":${quote(method)}`,
  ].join('')
  return {
    routeText: route,
    outcomeText: outcome,
    actionText: action,
    methodText: method,
    status,
    hasActor,
    text: hasActor ? `}${text}` : text,
    bytes: utf8(`${hasActor ? '"}' : ''}${text},"requestId":"`),
    action: hashText(action),
    outcome: hashText(outcome),
    begun: undefined,
  }
}
