/** What stands where a secret stood. */
export const MASK = '[masked]'

const SENSITIVE_NAME =
  /(?:pass(?:word|wd|phrase|code)|secret|token|authorization|cookie|credential|api-?key|private-?key|digest|pepper|salt|signature)s?$|(?:password|secret|token|key).*hash$/i

/**
 * Whether the name of a field says that it holds a secret: `password`, `refreshToken`, `x-api-key`,
 * `secret_hash`. Names that end differently (`tokenId`, `keyPrefix`) do not.
 */
export function isSensitiveName(name: string): boolean {
  return SENSITIVE_NAME.test(name.replaceAll('_', '-'))
}

const CREDENTIAL_CHARS_MIN = 12
const SUSPECT = /_|eyJ|earer |asic |@|PRIVATE KEY/

const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/\b(Bearer|Basic) [\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  [/\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)*/g, MASK],
  // prefix_environment_id_secret: the part that identifies the key stays, the secret goes.
  [
    /\b([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)_[A-Za-z0-9]{16,}(?:_[A-Za-z0-9]+)*\b/g,
    `$1_${MASK}`,
  ],
  [/(:\/\/)[^\s/@:]*:[^\s/@]*@/g, `$1${MASK}@`],
]

/**
 * Masks everything in `text` that looks like a credential: bearer and basic credentials, JWTs, API keys and
 * tokens (`tg_live_<id>_<secret>` keeps all but the secret), private keys, passwords in URLs. Returns other text
 * unchanged.
 */
export function maskCredentials(text: string): string {
  if (text.length < CREDENTIAL_CHARS_MIN || !SUSPECT.test(text)) return text
  return CREDENTIALS.reduce((masked, [pattern, mask]) => masked.replaceAll(pattern, mask), text)
}
