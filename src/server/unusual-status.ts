import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Gives a response that carries a status beyond 599 (three digits are all that RFC 9112 §4 asks of one).
 * The web's constructor refuses such a status.
 */
export type UnusualStatus = (status: number) => Promise<Response>

/**
 * Creates what makes responses with statuses of 600 to 999. Bun's constructor refuses them, but a
 * response that was received keeps what it has, and another can be made like it; so each such status is
 * received once, from a socket of our own that nobody else can reach, and remembered.
 */
export function createUnusualStatus(): UnusualStatus {
  const known = new Map<number, Promise<Response>>()
  return (status) => {
    const before = known.get(status)
    if (before !== undefined) return before
    const received = receive(status)
    known.set(status, received)
    received.catch(() => known.delete(status))
    return received
  }
}

async function receive(status: number): Promise<Response> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-status-'))
  const unix = join(folder, 'socket')
  const listener = Bun.listen({
    unix,
    socket: {
      data: (socket) =>
        void socket.end(`HTTP/1.1 ${status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
    },
  })
  try {
    return await fetch('http://localhost/', { unix, redirect: 'manual' })
  } finally {
    listener.stop(true)
    rmSync(folder, { recursive: true, force: true })
  }
}
