/**
 * Bus: small messages from one instance to all others (invalidation, configuration). In order for one
 * sender; a subscriber that may have missed some is told so and must distrust what it remembers.
 */
export interface BusMessage {
  readonly topic: string
  readonly payload: string
}

/** What a subscriber hears: a message, or that messages may have been lost. */
export type BusEvent =
  | { readonly kind: 'message'; readonly message: BusMessage }
  | {
      readonly kind: 'gap'
      /**
       * Nothing can be heard at present; said again and again while that lasts. What comes late will
       * still be told, or, when it is lost, a gap without this. Decisions must be distrusted all the
       * same; what may be a little old need not be.
       */
      readonly isSilence?: true
    }

/** Publish and subscribe. Messages reach the publisher's own subscribers too. */
export interface Bus {
  /** Resolves when the message is accepted for delivery to every live subscriber. */
  publish(message: BusMessage): Promise<void>
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: BusEvent) => void): () => void
  close(): Promise<void>
}
