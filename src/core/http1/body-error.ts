import type { RefusalCode } from '../refusal.ts'

/** A request body that did not come as it should, and how its request is answered where nobody else does. */
export class BodyError extends Error {
  readonly code: RefusalCode
  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'BodyError'
    this.code = code
  }
}
