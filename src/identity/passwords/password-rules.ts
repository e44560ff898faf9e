import { COMMON_WORDS } from './common-words.ts'

/** Longer passwords are refused, never truncated (ASVS 6.2.8, 6.2.9). */
export const PASSWORD_LENGTH_MAX = 1024

/** The form that is hashed: the same password typed on different systems gives the same text. */
export const normalizePassword = (password: string): string => password.normalize('NFKC')

const isRun = (text: string): boolean => {
  const step = text.charCodeAt(1) - text.charCodeAt(0)
  if (Math.abs(step) > 1) return false
  for (let at = 1; at < text.length; at++) {
    if (text.charCodeAt(at) - text.charCodeAt(at - 1) !== step) return false
  }
  return true
}

/** The shortest text of which `text` is a repetition. */
function unitOf(text: string): string {
  const at = (text + text).indexOf(text, 1)
  return text.slice(0, at)
}

/** Replaces the usual substitutions by the letters that they stand for. */
const plain = (text: string): string =>
  text
    .replaceAll('@', 'a')
    .replaceAll('4', 'a')
    .replaceAll('3', 'e')
    .replaceAll('1', 'i')
    .replaceAll('0', 'o')
    .replaceAll('$', 's')
    .replaceAll('5', 's')

const bare = (text: string): string => text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '')

/**
 * Says what is wrong with a new password, or `undefined`. Checks its length in characters, and whether it is among the
 * first that an attacker tries (a common word with digits or punctuation around it, a sequence, a repetition, the login
 * name).
 */
export function passwordProblem(
  password: string,
  login: string,
  lengthMin: number,
): string | undefined {
  if (password.length > PASSWORD_LENGTH_MAX)
    return `expected at most ${PASSWORD_LENGTH_MAX} characters`
  const text = normalizePassword(password).toLowerCase()
  if (Array.from(text).length < lengthMin) return `expected at least ${lengthMin} characters`
  const name = login.split('@')[0] ?? login
  const tooEasy =
    isRun(text) ||
    unitOf(text).length <= 3 ||
    COMMON_WORDS.has(bare(text)) ||
    COMMON_WORDS.has(bare(plain(text))) ||
    COMMON_WORDS.has(plain(bare(text))) ||
    COMMON_WORDS.has(unitOf(bare(text))) ||
    /^[\d\p{P}\p{S}\s]{1,10}$/u.test(text) ||
    bare(text) === bare(login) ||
    (name.length >= 4 && text.includes(name) && text.length - name.length < 6)
  return tooEasy ? 'too easy to guess' : undefined
}
