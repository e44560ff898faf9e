/**
 * Tells whether the subject of a ban is an address or a key. Anything that does not look like an id is taken for an
 * address, which is refused if it is invalid. Otherwise a mistyped address would become a ban of a nonexistent id,
 * which keeps nobody out.
 */
export const banKindOf = (subject: string): 'address' | 'key' =>
  /^[a-z]+_[0-9A-Za-z]+$/.test(subject) ? 'key' : 'address'
