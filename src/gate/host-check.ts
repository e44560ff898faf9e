import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/refusal.ts'

const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/
const PORT_MAX = 65_535
const HOSTS_REMEMBERED_MAX = 64

/**
 * Checks Host headers (RFC 9112 §3.2): exactly one, well-formed, and of a host that is served. Accepted values are
 * remembered, because nearly all requests carry one of a few.
 */
export interface HostCheck {
  /** The host name in lowercase without port, or the refusal. */
  check(header: string | null): string | Refusal
}

/** Creates a {@link HostCheck}; `served` lists the host names accepted, `undefined` means any. */
export function createHostCheck(served: readonly string[] | undefined): HostCheck {
  const known = new Map<string, string>()
  let lastHeader: string | undefined
  let lastName = ''
  return {
    check(header) {
      if (header !== null && header === lastHeader) return lastName
      const name = header === null ? undefined : (known.get(header) ?? hostName(header))
      if (header === null || name === undefined) return refuse('host_invalid')
      if (served !== undefined && !served.includes(name)) return refuse('host_invalid')
      if (known.size >= HOSTS_REMEMBERED_MAX) known.clear()
      known.set(header, name)
      lastHeader = header
      lastName = name
      return name
    },
  }
}

function hostName(header: string): string | undefined {
  const match = HOST.exec(header)
  if (match === null || Number(match[1] ?? 0) > PORT_MAX) return undefined
  const port = match[1] === undefined ? 0 : match[1].length + 1
  return header.slice(0, header.length - port).toLowerCase()
}
