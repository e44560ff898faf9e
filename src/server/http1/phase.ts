/** What a connection is doing; the module's index shows the transitions. */
export type Phase =
  /** Between two requests. */
  | 'idle'
  /** Part of a head has arrived. */
  | 'head'
  /** A request is being answered. */
  | 'busy'
  /** An answer is complete and waits for the socket. */
  | 'flushing'
  /** The rest of an unread body is dropped, so that the connection can be kept. */
  | 'discarding'
  /** Everything is sent; the client may still send, so that it can read the answer. */
  | 'lingering'
  /** Relayed to the server for WebSockets. */
  | 'tunnel'
  /** Both sides have finished sending. */
  | 'ending'
  | 'closed'

/** What follows an answer. */
export type Next = 'idle' | 'discarding' | 'lingering' | 'ending'
