import type { RefusalCode } from '../refusal.ts'

/** A request body that did not arrive as it should. `code` is how to refuse its request if nothing else answers. */
export class BodyError extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'BodyError'
    this.code = code
  }
}
