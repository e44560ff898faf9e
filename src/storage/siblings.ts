import { within } from './redis/deferred.ts'

/** Messages ("words") from one process of a gate to its other processes, which confirm that they have acted on them. */
export interface Siblings {
  /**
   * Sends a message to all others at once. Resolves with whether all that listen have acted on it within a bounded
   * time. A process that has not is not waited for again until it has caught up.
   */
  tell(payload: string): Promise<boolean>
  /** Sets the handler of messages from others; a message counts as acted on once the handler's promise has resolved. */
  listen(act: (payload: string) => void | Promise<void>): void
}

/** A process that receives messages. */
export interface SiblingSeat {
  tell(payload: string): Promise<boolean>
  /** It listens from now on, so others wait for it. */
  attend(): void
  /** It has ended. The code that delivers messages ends the open deliveries. */
  leave(): void
}

/** Where the processes of a gate exchange messages. */
export interface SiblingHub {
  /** @param deliver hands a message over; resolves when it has been acted on */
  join(name: string, deliver: (payload: string) => Promise<void>): SiblingSeat
}

/** What {@link createSiblingHub} needs. */
export interface SiblingHubOptions {
  /** The longest time that a sender waits for the others. Default: 100 ms. */
  readonly boundMs?: number
  /** Called when a process has not acted in time, once until it has caught up. */
  readonly onLate?: (name: string) => void
}

interface Member {
  readonly name: string
  readonly deliver: (payload: string) => Promise<void>
  state: 'absent' | 'prompt' | 'late'
}

const BOUND_MS = 100

/** Creates a {@link SiblingHub}. */
export function createSiblingHub(options: SiblingHubOptions = {}): SiblingHub {
  const { boundMs = BOUND_MS, onLate = () => undefined } = options
  const members = new Set<Member>()
  const hand = async (member: Member, payload: string): Promise<void> => {
    await member.deliver(payload)
    if (member.state === 'late') member.state = 'prompt'
  }
  const tell = async (self: Member, payload: string): Promise<boolean> => {
    const open = new Set<Member>()
    const acting: Promise<unknown>[] = []
    let hasLate = false
    for (const member of members) {
      if (member === self) continue
      if (member.state === 'late') hasLate = true
      if (member.state === 'prompt') open.add(member)
      const acted = hand(member, payload).then(() => open.delete(member))
      if (open.has(member)) acting.push(acted)
      else acted.catch(() => undefined)
    }
    // A process that fails has not acted; the others are still waited for.
    if (acting.length > 0) await within(Promise.allSettled(acting), boundMs, late).catch(() => [])
    for (const member of open) {
      if (member.state !== 'prompt' || !members.has(member)) continue
      member.state = 'late'
      onLate(member.name)
    }
    return !hasLate && open.size === 0
  }
  return {
    join(name, deliver) {
      const member: Member = { name, deliver, state: 'absent' }
      members.add(member)
      return {
        tell: async (payload) => tell(member, payload),
        attend() {
          if (member.state === 'absent') member.state = 'prompt'
        },
        leave: () => void members.delete(member),
      }
    },
  }
}

/** The {@link Siblings} of the process that has the hub. */
export function joinSiblings(hub: SiblingHub, name: string): Siblings {
  let act: (payload: string) => void | Promise<void> = () => undefined
  const seat = hub.join(name, async (payload) => act(payload))
  return {
    tell: seat.tell,
    listen(next) {
      act = next
      seat.attend()
    },
  }
}

const late = (): Error => new Error('a sibling has not acted in time')
