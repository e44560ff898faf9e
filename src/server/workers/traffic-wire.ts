import type { Details, TrafficEntry } from '../../ledger/index.ts'

/** A request for the audit log as one flat list, which is half the size of an object. */
export type WireTraffic = readonly [
  timeMs: number,
  tenantId: string,
  actorKind: string,
  actorId: string,
  action: string,
  target: string,
  outcome: string,
  status: number,
  route: string,
  method: string,
  path: string,
  requestId: string,
  address: string,
  durationUs: number,
  details: Details | undefined,
]

/** Copies an entry into its wire form. */
export function encodeTraffic(entry: TrafficEntry): WireTraffic {
  return [
    entry.timeMs,
    entry.tenantId,
    entry.actorKind,
    entry.actorId,
    entry.action,
    entry.target,
    entry.outcome,
    entry.status,
    entry.route,
    entry.method,
    entry.path,
    entry.requestId + entry.requestIdTail,
    entry.address,
    entry.durationUs,
    entry.details,
  ]
}

/** The entry that a wire form stands for. */
export function decodeTraffic(wire: WireTraffic): TrafficEntry {
  const [timeMs, tenantId, actorKind, actorId, action, target, outcome, status] = wire
  const [, , , , , , , , route, method, path, requestId, address, durationUs, details] = wire
  return {
    timeMs,
    tenantId,
    actorKind,
    actorId,
    action,
    target,
    outcome,
    status,
    route,
    method,
    path,
    requestId,
    requestIdTail: '',
    address,
    durationUs,
    details,
  }
}
