import type { TrafficEntry } from './record.ts'
import { utf8 } from '../core/bytes.ts'
import { hashText, quote } from './text.ts'

/** `,"actor":{"kind":"key","id":"`: what the kind of an actor decides, up to its id. */
export interface ActorFragment {
  readonly text: string
  readonly bytes: Uint8Array
}

/** The part of a record that its route and outcome decide. */
export interface BodyFragment {
  readonly routeText: string
  readonly outcomeText: string
  readonly actionText: string
  readonly methodText: string
  readonly status: number
  readonly hasActor: boolean
  readonly text: string
  /** The same, up to the request id. */
  readonly bytes: Uint8Array
  readonly action: number
  readonly outcome: number
}

/** Keeps the fragments of records, so that each is made once for a route. Bounded. */
export interface Fragments {
  actor(kind: string): ActorFragment
  body(entry: TrafficEntry): BodyFragment
}

const NAMES_MAX = 4096
const VARIANTS_MAX = 32

/** Creates empty {@link Fragments}. */
export function createFragments(): Fragments {
  const actors = new Map<string, ActorFragment>()
  const bodies = createBuckets<BodyFragment>()
  let newest: BodyFragment | undefined
  return {
    actor(kind) {
      const found = actors.get(kind)
      if (found !== undefined) return found
      if (actors.size >= NAMES_MAX) actors.clear()
      const text = `,"actor":{"kind":${quote(kind)},"id":"`
      const made = { text, bytes: utf8(text) }
      actors.set(kind, made)
      return made
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
  }
}
