/**
 * Bus: small messages from one instance to all others (invalidation, configuration). Messages of one sender arrive in
 * order. A subscriber that may have missed some is told so, and must distrust what it remembers.
 */
export interface BusMessage {
  readonly topic: string
  readonly payload: string
}

/** What a subscriber receives: a message, or a notice that messages may have been lost. */
export type BusEvent =
  | { readonly kind: 'message'; readonly message: BusMessage }
  | {
      readonly kind: 'gap'
      /**
       * Nothing can be received at present; repeated as long as this lasts. Late messages will still be delivered or,
       * if they are lost, reported by a gap without this field. State that decisions rest on must be distrusted
       * nevertheless; state that may be slightly old need not be.
       */
      readonly isSilence?: true
    }

/** Publish and subscribe. Messages reach the publisher's own subscribers, too. */
export interface Bus {
  /**
   * Resolves when the message is accepted for delivery to every live subscriber. If other instances cannot be reached
   * for now, it resolves once the message is queued for them; {@link Bus.untold} counts it until it is delivered.
   */
  publish(message: BusMessage): Promise<void>
  /** The number of messages that have not reached the others yet; absent if delivery cannot be delayed. */
  readonly untold?: () => number
  /**
   * Whether everything that was published up to a moment ago has been received, judged by the clock at this moment. If
   * not, subscribers have been told of the gap by the time this returns, so that a process that was suspended decides
   * nothing by stale state. Call it before deciding. Absent if nothing can be missed.
   */
  readonly hearsAll?: () => boolean
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: BusEvent) => void): () => void
  close(): Promise<void>
}
