/** What a link leaves for the end of a turn. */
export interface TurnLink {
  /** Hands over what came. */
  deliver(): void
  /** Writes what waits. */
  send(): void
}

/** Links that wait at most: beyond, those that came first would wait too long. */
const LINKS_MAX = 64

/**
 * What the links of one process do together, behind the events of one turn of the event loop: first all answers are
 * handed over that came in it, then all requests are written that were made in it. A server that is sent several requests
 * at once wakes once for all of them, and so does the client with its answers; and code that runs several times in a row
 * finds itself in the processor's cache, where the kernel's would be otherwise. With one event there is nothing to wait for.
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
