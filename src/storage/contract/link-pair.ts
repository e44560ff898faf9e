import type { Link } from '../relay/link.ts'

/** Two ends of a link within the process, with a function that cuts it. */
export interface LinkPair {
  readonly worker: Link
  readonly owner: Link
  readonly cut: () => void
}

interface End {
  onMessage: (message: unknown) => void
  onClose: () => void
}

/** A link that copies messages through JSON, as between processes, and delivers them later. */
export function createLinkPair(): LinkPair {
  const worker = createEnd()
  const owner = createEnd()
  let whole = true
  const linkFrom = (own: End, other: End): Link => ({
    send: (message) => {
      if (!whole) throw new Error('the link is cut')
      const text = JSON.stringify(message)
      queueMicrotask(() => {
        if (whole) other.onMessage(JSON.parse(text))
      })
    },
    onMessage: (listener) => {
      own.onMessage = listener
    },
    onClose: (listener) => {
      own.onClose = listener
    },
  })
  return {
    worker: linkFrom(worker, owner),
    owner: linkFrom(owner, worker),
    cut: () => {
      whole = false
      worker.onClose()
      owner.onClose()
    },
  }
}

function createEnd(): End {
  return { onMessage: () => {}, onClose: () => {} }
}
