/** A request to be explained. */
export interface ExplainRequest {
  readonly method: string
  /** Absolute URL, or a path for the first host that the gate serves. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** The client's address; default 127.0.0.1. */
  readonly address: string | undefined
  /** Explain as the holder of this key, without its secret. */
  readonly keyId: string | undefined
  readonly tenantId: string | undefined
}

/** The verdict of one layer. */
export interface LayerVerdict {
  readonly layer: string
  readonly verdict: 'pass' | 'refuse' | 'answer'
  /** The rule that decided, if any. */
  readonly rule: string | null
  readonly durationNs: number
}

/** What the gate would do with a request, layer by layer. */
export interface Explanation {
  readonly outcome: 'allow' | 'refuse'
  /** The status of the refusal, or of the answer if the gate itself answers. */
  readonly status: number
  readonly code: string | null
  readonly detail: string | null
  readonly route: string | null
  readonly caller: {
    readonly kind: string
    readonly id: string
    readonly tenantId: string
    readonly roles: readonly string[]
  } | null
  readonly layers: readonly LayerVerdict[]
  readonly durationNs: number
  readonly policyRevision: number
  readonly configRevision: number
  /** The process whose memory was used: `main`, or a worker. */
  readonly process: string
}
