/** A load's error that is kept for a while, in the place of a value. */
export class LoadFailure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** Bytes that it is charged for: an error with a short stack. */
export const LOAD_FAILURE_BYTES = 1024
