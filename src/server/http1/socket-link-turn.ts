/** What a link postpones to the end of a turn. */
export interface TurnLink {
  /** Hands over what has arrived. */
  deliver(): void
  /** Writes what is waiting. */
  send(): void
}

/** The most links that wait; with more, the first ones would wait too long. */
const LINKS_MAX = 64

/**
 * Batches the work of the links of one process at the end of each turn of the event loop: first it hands over all
 * answers that arrived in the turn, then it writes all requests that were made in it. A server that receives several
 * requests at once wakes once for all of them, and so does the client for its answers. Code that runs several times in
 * a row also stays in the processor's cache instead of being displaced by the kernel's. With a single event there is
 * nothing to wait for.
 */
export class LinkTurn {
  private arrivals: TurnLink[] = []
  private writers: TurnLink[] = []
  private isDue = false

  deliverLater(link: TurnLink): void {
    if (this.arrivals.push(link) >= LINKS_MAX) this.deliver()
    else this.comeBack()
  }

  sendLater(link: TurnLink): void {
    if (this.writers.push(link) >= LINKS_MAX) this.send()
    else this.comeBack()
  }

  private comeBack(): void {
    if (this.isDue) return
    this.isDue = true
    setImmediate(this.end)
  }

  private readonly end = (): void => {
    this.isDue = false
    this.deliver()
    this.send()
  }

  private deliver(): void {
    const { arrivals } = this
    if (arrivals.length === 0) return
    this.arrivals = []
    for (const link of arrivals) link.deliver()
  }

  private send(): void {
    const { writers } = this
    if (writers.length === 0) return
    this.writers = []
    for (const link of writers) link.send()
  }
}
