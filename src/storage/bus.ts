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
  /**
   * Resolves when the message is accepted for delivery to every live subscriber; where others cannot be
   * told for the time being, once it will be delivered as soon as they can: {@link Bus.untold} counts it
   * until then.
   */
  publish(message: BusMessage): Promise<void>
  /** Messages that others have not been told yet; absent where telling them cannot take long. */
  readonly untold?: () => number
  /**
   * Whether everything that was published up to a moment ago has been heard: by the clock, at this moment.
   * When not, subscribers have been told of the gap by the time this returns, so that a process that stood
   * still decides nothing by what it remembers. Ask before deciding. Absent where nothing can be missed.
   */
  readonly hearsAll?: () => boolean
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: BusEvent) => void): () => void
  close(): Promise<void>
}
