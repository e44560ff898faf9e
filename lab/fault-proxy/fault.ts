import { LabError } from '../core/index.ts'

/** What a proxy does with the connections that go through it. */
export type Fault =
  /** Passes everything on. */
  | { readonly kind: 'none' }
  /** Ends every connection, and takes no new ones. */
  | { readonly kind: 'cut' }
  /** Ends every connection once, and takes new ones. */
  | { readonly kind: 'reset' }
  /** Takes everything and passes nothing on, as a network that swallows packets does. */
  | { readonly kind: 'blackhole' }
  /** Passes everything on so much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Passes so many bytes a second on, in each direction of each connection. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }

/** @throws {@link LabError} for a fault with impossible parameters. */
export function checkFault(fault: Fault): void {
  if (fault.kind === 'slow' && !(fault.delayMs >= 0)) throw new LabError('a delay is 0 ms or more')
  if (fault.kind === 'throttle' && !(fault.bytesPerSecond > 0)) {
    throw new LabError('a throttle lets more than 0 bytes a second through')
  }
}
