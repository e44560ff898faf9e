import { listenerPid, readProcesses, treeOf } from '../machine/index.ts'

/** The process that listens where all of these are, when that is one port of this machine. */
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

/** A process with its descendants, as they are now. */
export const processesOf = (pid: number | null): readonly number[] =>
  pid === null ? [] : [...treeOf([pid], readProcesses())]
