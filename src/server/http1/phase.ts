/** What a connection is about; the module's index shows how one leads to another. */
export type Phase =
  /** Between two requests. */
  | 'idle'
  /** Part of a head has come. */
  | 'head'
  /** A request is being answered. */
  | 'busy'
  /** An answer is complete and waits for the socket. */
  | 'flushing'
  /** What is left of an unread body is dropped, to keep the connection. */
  | 'discarding'
  /** Everything is said; the client may still speak, so that it can read the answer. */
  | 'lingering'
  /** Carried on to a server of WebSockets. */
  | 'tunnel'
  /** Both sides have said everything. */
  | 'ending'
  | 'closed'

/** What follows an answer. */
export type Next = 'idle' | 'discarding' | 'lingering' | 'ending'
