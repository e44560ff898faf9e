import type { StageName } from './stage.ts'

/**
 * The request path: which question is asked after which. The order stands here and nowhere else.
 *
 * - `admit` comes before any secret is looked at, so that nobody can buy hashing work with junk;
 * - `limit` comes before `authorize`, so that probing for permissions is limited too;
 * - `authorize` comes before `validate`, so that schemas tell nothing to those who may not call;
 * - `recall` comes after all that may refuse, so that what is stored is given to nobody who may not call.
 *
 * A route has only the stages that its configuration asks for.
 */
export const PATH = [
  'admit',
  'identify',
  'limit',
  'authorize',
  'validate',
  'recall',
  'forward',
] as const satisfies readonly StageName[]
