/**
 * What is meant by somebody to be banned. What does not look like an id is an address, to be refused where it is none: a
 * ban of an id that nobody has keeps nobody out, and whoever mistyped an address would believe that it does.
 */
export const banKindOf = (subject: string): 'address' | 'key' =>
  /^[a-z]+_[0-9A-Za-z]+$/.test(subject) ? 'key' : 'address'
