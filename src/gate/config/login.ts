import { z } from 'zod'
import { name } from '../../core/config/fields.ts'

/** Logging in over HTTP. Off unless the section is present. */
export const loginConfig = z
  .strictObject({
    path: z
      .string()
      .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, { error: 'expected a path such as /auth' })
      .default('/auth')
      .describe('Base path of `POST …/login`, `…/logout`, `…/refresh` and `GET …/session`.'),
    host: z
      .string()
      .regex(/^[a-z0-9.-]+$/, { error: 'expected a lowercase host name without a port' })
      .optional()
      .describe('Only for this host; defaults to any.'),
    tenant: z
      .string()
      .min(1)
      .optional()
      .describe('The tenant whose users log in; when absent, the request names it.'),
    sessions: z.boolean().default(true).describe('Issue a session as a cookie.'),
    tokens: z
      .boolean()
      .default(false)
      .describe('Issue an access token and a refresh token when the request asks for `tokens`.'),
    limits: z.array(name()).optional().describe('Names of limits; defaults to `defaults.limits`.'),
  })
  .refine(({ sessions, tokens }) => sessions || tokens, {
    error: 'a login gives sessions, tokens, or both',
  })
  .meta({ id: 'Login' })

/** A parsed `login:` section. */
export type LoginConfig = z.output<typeof loginConfig>
