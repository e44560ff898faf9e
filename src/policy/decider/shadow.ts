import type { RequestFacts } from './facts.ts'
import type { Answer } from './answer.ts'

/** A request that a shadow policy would have decided differently. */
export interface ShadowChange {
  readonly atMs: number
  readonly tenantId: string
  readonly callerKind: string
  readonly callerId: string
  readonly method: string
  readonly path: string
  readonly active: 'allow' | 'refuse'
  readonly shadow: 'allow' | 'refuse'
  /** Why the shadow policy could not decide. */
  readonly failure: string | null
}

/** What a shadow policy would have changed since its configuration was put in force. */
export interface ShadowReport {
  readonly policy: string
  readonly revision: string
  readonly shadowRevision: string
  readonly asked: number
  readonly same: number
  readonly wouldAllow: number
  readonly wouldRefuse: number
  readonly failures: number
  /** The newest changes, newest first. */
  readonly changes: readonly ShadowChange[]
}

/** Compares decisions; remembers the newest changes. */
export interface ShadowTally {
  /** Records a request; returns the change, if there is one. */
  add(facts: RequestFacts, active: Answer, shadow: Answer): ShadowChange | undefined
  report(): ShadowReport
}

const CHANGES_MAX = 100

const word = ({ allowed }: Answer): 'allow' | 'refuse' => (allowed ? 'allow' : 'refuse')

/** Creates a {@link ShadowTally}. */
export function createShadowTally(
  about: Pick<ShadowReport, 'policy' | 'revision' | 'shadowRevision'>,
): ShadowTally {
  const counts = { asked: 0, same: 0, wouldAllow: 0, wouldRefuse: 0, failures: 0 }
  const changes: ShadowChange[] = []
  return {
    add(facts, active, shadow) {
      counts.asked += 1
      if (shadow.failure !== undefined) counts.failures += 1
      if (active.allowed === shadow.allowed) {
        counts.same += 1
        return undefined
      }
      if (shadow.allowed) counts.wouldAllow += 1
      else counts.wouldRefuse += 1
      const change: ShadowChange = {
        atMs: facts.nowMs,
        tenantId: facts.caller.tenantId,
        callerKind: facts.caller.kind,
        callerId: facts.caller.id,
        method: facts.method,
        path: facts.path,
        active: word(active),
        shadow: word(shadow),
        failure: shadow.failure ?? null,
      }
      changes.unshift(change)
      if (changes.length > CHANGES_MAX) changes.pop()
      return change
    },
    report: () => ({ ...about, ...counts, changes: [...changes] }),
  }
}

/** Merges the reports of several processes: counts are added, and the newest changes kept. */
export function mergeShadows(all: readonly (readonly ShadowReport[])[]): readonly ShadowReport[] {
  const merged = new Map<string, ShadowReport>()
  for (const report of all.flat()) {
    const before = merged.get(report.policy)
    merged.set(report.policy, before === undefined ? report : addReports(before, report))
  }
  return [...merged.values()]
}

function addReports(a: ShadowReport, b: ShadowReport): ShadowReport {
  return {
    ...a,
    asked: a.asked + b.asked,
    same: a.same + b.same,
    wouldAllow: a.wouldAllow + b.wouldAllow,
    wouldRefuse: a.wouldRefuse + b.wouldRefuse,
    failures: a.failures + b.failures,
    changes: [...a.changes, ...b.changes]
      .toSorted((one, other) => other.atMs - one.atMs)
      .slice(0, CHANGES_MAX),
  }
}
