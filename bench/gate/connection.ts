import type { Socket } from 'bun'

/** A keep-alive connection with at most one request under way. */
export interface Connection {
  /** Sends a request; the answer is reported to `onAnswer`. */
  send(request: Uint8Array): void
  end(): void
}

/** Callbacks of a connection. Anything but a complete answer is a failure of the run. */
export interface ConnectionEvents {
  readonly onAnswer: (connection: Connection, status: number) => void
  readonly onFailure: (reason: string) => void
}

/** As Bun.serve spells it, and as the gate does. */
const LENGTH = '\r\nContent-Length: '
const LENGTH_LOWER = LENGTH.toLowerCase()
const HEAD_END = '\r\n\r\n'
const DIGIT_0 = 0x30

/** Opens a connection. */
export async function openConnection(
  hostname: string,
  port: number,
  events: ConnectionEvents,
): Promise<Connection> {
  let waiting = false
  let ended = false
  let partial: Buffer | undefined
  const fail = (reason: string): void => {
    if (!ended) events.onFailure(reason)
  }
  const receive = (chunk: Buffer): void => {
    const bytes = partial === undefined ? chunk : Buffer.concat([partial, chunk])
    partial = undefined
    const length = answerLength(bytes)
    if (length === undefined || length > bytes.length) {
      partial = Buffer.from(bytes)
      return
    }
    if (Number.isNaN(length)) return fail('an answer without Content-Length')
    if (!waiting || length < bytes.length) return fail('more bytes than one answer has')
    waiting = false
    events.onAnswer(connection, statusOf(bytes))
  }
  const socket: Socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data: (_, chunk) => receive(chunk),
      close: () => fail('the server closed a connection'),
      error: (_, error) => fail(error.message),
    },
  })
  const connection: Connection = {
    send(request) {
      waiting = true
      if (socket.write(request) !== request.length) fail('a request was not taken whole')
    },
    end() {
      ended = true
      socket.end()
    },
  }
  return connection
}

/** Length of an answer in bytes; NaN if it has no Content-Length, `undefined` while its head is incomplete. */
function answerLength(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const bodyAt = headEnd + HEAD_END.length
  let at = Math.max(bytes.indexOf(LENGTH_LOWER), bytes.indexOf(LENGTH))
  if (at < 0 || at > headEnd) return Number.NaN
  let length = 0
  for (at += 18; bytes[at] !== 0x0d; at++) length = length * 10 + bytes[at]! - DIGIT_0
  return bodyAt + length
}

/** The three digits after `HTTP/1.1 `. */
function statusOf(bytes: Buffer): number {
  const [hundreds = 0, tens = 0, units = 0] = bytes.subarray(9, 12)
  return hundreds * 100 + tens * 10 + units - DIGIT_0 * 111
}
