import type { IncomingHeaders, IncomingRequest } from '../../src/core/incoming-request.ts'
import { BODY, PATH } from './requests.ts'

/** A request in memory, for measuring the path through the gate without a server. */
export class MadeRequest implements IncomingRequest, IncomingHeaders {
  readonly method: string
  readonly target = PATH
  readonly body = null
  readonly arrived = undefined
  readonly isGone = false
  private readonly authorization: string
  constructor(method: string, key: string) {
    this.method = method
    this.authorization = `Bearer ${key}`
  }
  get headers(): IncomingHeaders {
    return this
  }
  get(name: string): string | null {
    if (name === 'host') return '127.0.0.1'
    if (name === 'authorization') return this.authorization
    return name === 'content-type' ? 'application/json' : null
  }
  has(name: string): boolean {
    return this.get(name) !== null
  }
  forEach(): void {}
  *[Symbol.iterator](): Iterator<[string, string]> {}
  text(): string {
    return BODY
  }
  get signal(): AbortSignal {
    return new AbortController().signal
  }
  toRequest(): Request {
    return new Request(`http://127.0.0.1${PATH}`)
  }
}
