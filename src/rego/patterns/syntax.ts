import type { CharSet } from './char-set.ts'

/** A regular expression as a tree. Capturing makes no difference to whether it matches. */
export type Pattern =
  /** One code point of a set. With properties (`\p{…}`), `set` covers every code point that it may be. */
  | { readonly kind: 'chars'; readonly set: CharSet; readonly properties: Properties | undefined }
  | { readonly kind: 'assertion'; readonly at: 'start' | 'end' | 'boundary' | 'inside' }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | {
      readonly kind: 'repeat'
      readonly part: Pattern
      readonly min: number
      readonly max: number
    }

/** A class that names Unicode properties. */
export interface Properties {
  readonly negated: boolean
  /** Plain members. */
  readonly set: CharSet
  readonly names: readonly { readonly name: string; readonly negated: boolean }[]
}
