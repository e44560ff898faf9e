import { NAME_KINDS } from '../check-name.ts'
import type { Name } from '../contract.ts'

/** The topic of invalidations in the stream that instances share. */
export const CACHE_TOPIC = 'cache'

/** The text of a name in messages. */
export const formatName = ({ kind, name }: Name): string => `${kind}:${name}`

/** Reads what {@link formatName} wrote. */
export function parseName(text: string): Name | undefined {
  const colon = text.indexOf(':')
  const kind = NAME_KINDS.find((known) => known === text.slice(0, colon))
  return kind === undefined ? undefined : { kind, name: text.slice(colon + 1) }
}
