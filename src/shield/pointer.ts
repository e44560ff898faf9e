const POINTER_LENGTH_MAX = 256

/** Escapes a name as a token of a JSON pointer (RFC 6901 §3). */
export const escapePointer = (name: string): string =>
  name.replaceAll('~', '~0').replaceAll('/', '~1')

/** JSON pointer to a named part of a request, as a URI fragment (RFC 6901 §6). */
export const pointerTo = (where: string, name: string): string =>
  fragmentPointer(where, `/${escapePointer(name)}`)

/**
 * A JSON pointer within a part of a request as a URI fragment. Names in it come from the request, so a long one is
 * truncated.
 */
export function fragmentPointer(where: string, pointer: string): string {
  const short =
    pointer.length > POINTER_LENGTH_MAX ? `${pointer.slice(0, POINTER_LENGTH_MAX)}…` : pointer
  return `#/${where}${encodeURI(short.replaceAll(/\p{Surrogate}/gu, '\ufffd'))}`
}
