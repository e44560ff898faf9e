import type { Collection } from '../storage/index.ts'
import type { CredentialRow } from './collections.ts'
import type { CredentialSort } from './credentials/format.ts'
import { matchesDigest, NO_DIGEST } from './credentials/peppers.ts'
import type { IdentityParts } from './parts.ts'

/** The row of a presented credential of one sort, if its secret is right; expiry is not checked. */
export async function findPresented<R extends CredentialRow>(
  { records, format, peppers }: IdentityParts,
  collection: Collection<R>,
  sort: CredentialSort,
  text: string,
): Promise<R | undefined> {
  const head = format.scan(text)
  if (head === undefined || head.sort !== sort) return undefined
  const publicId = format.publicId(text, head)
  const wanted: Partial<CredentialRow> = { publicId }
  const row = await records.across(collection).getBy('byPublicId', wanted as Partial<R>)
  const { digest } = digestOf({ peppers }, text)
  return matchesDigest(peppers, text, digest, row ?? NO_DIGEST) ? row : undefined
}

/** The digest of a new secret under the current pepper. */
export function digestOf({ peppers }: Pick<IdentityParts, 'peppers'>, secret: string) {
  const { version } = peppers.current
  const digest = peppers.digest(secret, version)
  if (digest === undefined) throw new Error('the current pepper is missing')
  return { digest, pepperVersion: version }
}
