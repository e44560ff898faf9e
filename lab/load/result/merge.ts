import type { Histogram, HistogramData } from '../../histogram/index.ts'
import { histogramFrom, mergeHistograms } from '../../histogram/index.ts'
import type { ClassData, RequestResult, WindowData, WorkerResult } from './result.ts'

/** Adds up what workers counted. Percentiles are never averaged: counts are added. */
export function mergeResults(all: readonly WorkerResult[]): WorkerResult {
  const [first] = all
  if (first === undefined) throw new RangeError('there is nothing to merge')
  if (all.length === 1) return first
  const sum = (of: (result: WorkerResult) => number): number =>
    all.reduce((total, each) => total + of(each), 0)
  const names = new Set(all.flatMap(({ classes }) => Object.keys(classes)))
  const longest = Math.max(...all.map(({ windows }) => windows.length))
  return {
    cpuMs: sum(({ cpuMs }) => cpuMs),
    elapsedMs: Math.max(...all.map(({ elapsedMs }) => elapsedMs)),
    sent: sum(({ sent }) => sent),
    queued: sum(({ queued }) => queued ?? 0),
    discarded: sum(({ discarded }) => discarded),
    censored: sum(({ censored }) => censored),
    completedInTime: sum(({ completedInTime }) => completedInTime),
    bytesReceived: sum(({ bytesReceived }) => bytesReceived),
    connectionsOpened: sum(({ connectionsOpened }) => connectionsOpened),
    connectionsPeak: sum(({ connectionsPeak }) => connectionsPeak),
    users: sum(({ users }) => users),
    statuses: addCounts(all.map(({ statuses }) => statuses)),
    failures: addCounts(all.map(({ failures }) => failures)),
    lag: mergeData(all.map(({ lag }) => lag)),
    rejected: mergeData(all.map(({ rejected }) => rejected)),
    requests: first.requests.map((_, at) =>
      mergeRequests(all.map(({ requests }) => requests[at]!)),
    ),
    classes: Object.fromEntries(
      [...names].map((name) => [
        name,
        mergeClasses(all.flatMap(({ classes }) => classes[name] ?? [])),
      ]),
    ),
    windows: Array.from({ length: longest }, (_, at) =>
      mergeWindows(all.flatMap(({ windows }) => windows[at] ?? [])),
    ),
  }
}

/** Merges several stored histograms into one. */
export function mergeStored(all: readonly (HistogramData | null)[]): Histogram {
  return mergeHistograms(all.flatMap((data) => (data === null ? [] : histogramFrom(data))))
}

const mergeData = (all: readonly HistogramData[]): HistogramData => mergeStored(all).toJSON()

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
  }
  return total
}

const mergeRequests = (all: readonly RequestResult[]): RequestResult => ({
  planned: all.reduce((sum, { planned }) => sum + planned, 0),
  succeeded: all.reduce((sum, { succeeded }) => sum + succeeded, 0),
  failed: all.reduce((sum, { failed }) => sum + failed, 0),
  response: mergeData(all.map(({ response }) => response)),
  service: mergeData(all.map(({ service }) => service)),
})

const mergeClasses = (all: readonly ClassData[]): ClassData => ({
  count: all.reduce((sum, { count }) => sum + count, 0),
  service: mergeData(all.map(({ service }) => service)),
})

function mergeWindows(all: readonly WindowData[]): WindowData {
  const response = all.map((window) => window.response).filter((data) => data !== null)
  return {
    planned: all.reduce((sum, { planned }) => sum + planned, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    completed: all.reduce((sum, { completed }) => sum + completed, 0),
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    lagMaxUs: Math.max(...all.map(({ lagMaxUs }) => lagMaxUs)),
    response: response.length === 0 ? null : mergeData(response),
  }
}
