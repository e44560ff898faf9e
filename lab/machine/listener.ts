import { readlinkSync } from 'node:fs'
import { readSystemFile, readSystemFolder } from './proc.ts'

const LISTEN = '0A'

/**
 * The process that listens on a TCP port of this machine; if several share the port, the oldest.
 *
 * @returns `undefined` if it cannot be found: not Linux, another user's process, another namespace.
 */
export function listenerPid(port: number): number | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)))
  if (sockets.size === 0) return undefined
  const pids = readSystemFolder('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
  return pids.find((pid) => holdsOne(pid, sockets))
}

function listeningInodes(table: string, port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return (readSystemFile(`/proc/net/${table}`) ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) === true && fields[3] === LISTEN)
    .map((fields) => `socket:[${fields[9] ?? ''}]`)
}

function holdsOne(pid: number, sockets: ReadonlySet<string>): boolean {
  return readSystemFolder(`/proc/${pid}/fd`).some((descriptor) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    } catch {
      return false
    }
  })
}
