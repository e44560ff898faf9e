/** Holds a separate storage for each session, and serves its workers over the process's IPC. */
import { COLLECTIONS } from '../contract/things.ts'
import { createMemoryCounters } from '../counting/in-process.ts'
import { createMemoryBus } from '../memory/bus.ts'
import { createMemoryLog } from '../memory/log.ts'
import { createMemoryRecords } from '../memory/records.ts'
import { createRelayServer } from './server.ts'

interface Envelope {
  readonly session: number
  readonly worker: number
  readonly nowMs: number
  readonly options: { readonly segmentBytesMax?: number }
  readonly message: unknown
}

type Deliver = (message: unknown) => void

interface Session {
  nowMs: number
  workerOf(number: number): Deliver
}

const sessions = new Map<number, Session>()

function createSession({ session, nowMs, options }: Envelope): Session {
  const workers = new Map<number, Deliver>()
  const state: Session = { nowMs, workerOf: (number) => workers.get(number) ?? connect(number) }
  const server = createRelayServer({
    records: createMemoryRecords({
      collections: COLLECTIONS,
      clock: { nowMs: () => state.nowMs },
    }),
    counters: createMemoryCounters(),
    log: createMemoryLog(options),
    bus: createMemoryBus(),
    collections: COLLECTIONS,
  })
  const connect = (worker: number): Deliver => {
    let deliver: Deliver = () => {}
    server.connect({
      send: (message) => {
        process.send?.({ session, worker, message })
      },
      onMessage: (listener) => {
        deliver = listener
      },
      onClose: () => {},
    })
    workers.set(worker, deliver)
    return deliver
  }
  return state
}

process.on('message', (envelope: Envelope) => {
  let session = sessions.get(envelope.session)
  if (session === undefined) {
    session = createSession(envelope)
    sessions.set(envelope.session, session)
  }
  session.nowMs = envelope.nowMs
  session.workerOf(envelope.worker)(envelope.message)
})
