import type { StageName } from './stage.ts'

/**
 * The request path: the order in which a request meets the stages. It is defined here and nowhere else.
 *
 * - `admit` comes before any secret is looked at, so that junk cannot make the gate spend time on hashing;
 * - `limit` comes before `authorize`, so that probing for permissions is limited too;
 * - `authorize` comes before `validate`, so that a schema reveals nothing to callers who may not use the route;
 * - `recall` comes after every stage that may refuse, so that a stored response reaches only those who may call.
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
