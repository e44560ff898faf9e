/** What a profile shows: processor time or memory. */
export type ProfileKind = 'cpu' | 'heap'

/** A tree of frames with their own values; the names of siblings are unique. */
export type Frame = {
  readonly name: string
  /** Its own, without its children: microseconds or bytes. */
  readonly self: number
  readonly children: readonly Frame[]
}

/** What was asked. */
export type ProfileOptions = {
  /** Starts the server; `{port}` and `{profile}` are filled in. */
  readonly command: string
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly status: number
  readonly connections: number
  readonly durationMs: number
  readonly warmUpMs: number
  readonly heap: boolean
  /** An earlier profile to compare with. */
  readonly base: ProfileRaw | null
}

/** What was seen. */
export type ProfileRaw = {
  readonly cpu: Frame | null
  /** Samples of the processor profile. */
  readonly samples: number
  readonly heap: Frame | null
  /** Whether the heap profile shows what was allocated (Node), or what was held at the end (Bun). */
  readonly heapIs: 'allocated' | 'held' | null
  readonly requests: number
  readonly failed: number
}
