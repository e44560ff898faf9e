import type { Caller } from './caller.ts'
import type { Refusal } from './refusal.ts'

/** Who presents this credential? */
export interface CredentialResolver {
  /**
   * Tells who presents a credential (API key, access token or session secret): a {@link Caller}, or
   * the refusal `credential_invalid`; synchronously when the credential is known, otherwise after
   * reading storage. The caller's `allowsAddress` is for the gate to ask.
   *
   * @param from where the credential begins in the text; default 0
   * @param to where it ends; default the end of the text
   */
  resolve(
    text: string,
    nowMs: number,
    from?: number,
    to?: number,
  ): Caller | Refusal | Promise<Caller | Refusal>
}
