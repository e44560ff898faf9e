import { listenerPid, readProcesses, treeOf } from '../machine/index.ts'

/** The process that listens for all of these URLs, if they share one port of this machine. */
export function serverPid(urls: readonly string[]): number | null {
  const ports = new Set(urls.map(portOf))
  const [port] = ports
  if (ports.size !== 1 || port === undefined) return null
  return listenerPid(port) ?? null
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  return Number(port || (protocol === 'https:' ? 443 : 80))
}

/** A process and its current descendants. */
export const processesOf = (pid: number | null): readonly number[] =>
  pid === null ? [] : [...treeOf([pid], readProcesses())]
