import { concatBytes, equalConstantTime, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/digest.ts'

/** A secret that is kept apart from the records: 32 random bytes and a version number that grows. */
export interface Pepper {
  readonly version: number
  readonly bytes: Uint8Array
}

/** Digests of credentials under the current pepper and earlier ones. */
export interface Peppers {
  readonly current: Pepper
  /** The digest under the pepper of that version, or `undefined` if that pepper is no longer known. */
  digest(credential: string, version: number): Uint8Array | undefined
}

const PEPPER_BYTES = 32

/**
 * Creates {@link Peppers}; the highest version is current. To rotate, pass a new version beside the old one: digests
 * move to it as their credentials are used.
 *
 * The digest is SHA-256 of pepper and credential. A slow password hash would add nothing: a credential holds 176 random
 * bits, which nobody can guess at any speed. The pepper makes stolen records useless for recognizing credentials found
 * elsewhere. All credentials of a sort have the same length, and digests are never shown, so length extension (the
 * weakness that HMAC repairs) does not apply.
 */
export function createPeppers(peppers: readonly Pepper[]): Peppers {
  const byVersion = new Map(peppers.map((pepper) => [pepper.version, pepper]))
  const current = peppers.toSorted((a, b) => b.version - a.version)[0]
  if (current === undefined) throw new RangeError('identity needs at least one pepper')
  if (byVersion.size !== peppers.length) throw new RangeError('two peppers share a version')
  for (const { version, bytes } of peppers) {
    if (bytes.length !== PEPPER_BYTES) {
      throw new RangeError(`pepper ${version} has ${bytes.length} bytes instead of ${PEPPER_BYTES}`)
    }
  }
  return {
    current,
    digest(credential, version) {
      const pepper = byVersion.get(version)
      return pepper === undefined ? undefined : sha256(concatBytes(pepper.bytes, utf8(credential)))
    },
  }
}

/** A stored digest: its bytes, and the version of its pepper. */
export interface StoredDigest {
  readonly digest: Uint8Array
  readonly pepperVersion: number
}

/** A digest that no credential has. It is compared with if there is no record, so that the work is the same. */
export const NO_DIGEST: StoredDigest = { digest: new Uint8Array(32), pepperVersion: 0 }

/** Whether `stored` was made from `credential`, in constant time. `digest` is its digest under the current pepper. */
export function matchesDigest(
  peppers: Peppers,
  credential: string,
  digest: Uint8Array,
  stored: StoredDigest,
): boolean {
  const old = stored.pepperVersion !== peppers.current.version && stored.pepperVersion !== 0
  const presented = old ? peppers.digest(credential, stored.pepperVersion) : digest
  return presented !== undefined && equalConstantTime(presented, stored.digest)
}
