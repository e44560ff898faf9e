import type { GatewayConfig, RouteConfig } from '../config/index.ts'
import { routeConfig } from '../config/route.ts'

/** What can be done under the login path. */
export type LoginAction = 'login' | 'logout' | 'refresh' | 'session'

/** A login route, as if the configuration contained it. */
export interface LoginRoute {
  readonly action: LoginAction
  readonly route: RouteConfig
}

const BODY_MAX = '8KiB'
const CREDENTIAL = { type: 'string', minLength: 1, maxLength: 256 } as const

const closed = (properties: Readonly<Record<string, unknown>>, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

/** The routes that the `login` section of a configuration asks for; none without such a section. */
export function loginRoutes({ login }: Pick<GatewayConfig, 'login'>): readonly LoginRoute[] {
  if (login === undefined) return []
  const { path, host, limits, tenant, tokens } = login
  const shared = { host, limits, bodyMax: BODY_MAX, respond: {} }
  const post = (
    action: LoginAction,
    body: object | undefined,
    bodyRequired = true,
  ): LoginRoute => ({
    action,
    route: routeConfig.parse({
      ...shared,
      id: `tollgate.${action}`,
      path: `${path}/${action}`,
      methods: ['POST'],
      credentials: ['anonymous'],
      request: { body, bodyRequired },
    }),
  })
  const credentials = {
    login: CREDENTIAL,
    password: { type: 'string', minLength: 1, maxLength: 1024 },
    ...(tenant === undefined && { tenant: CREDENTIAL }),
    ...(tokens && { tokens: { type: 'boolean' } }),
  }
  const required = ['login', 'password', ...(tenant === undefined ? ['tenant'] : [])]
  const refreshToken = closed({ refreshToken: CREDENTIAL }, ['refreshToken'])
  const session: LoginRoute = {
    action: 'session',
    route: routeConfig.parse({
      ...shared,
      id: 'tollgate.session',
      path: `${path}/session`,
      credentials: ['session', 'token'],
    }),
  }
  return [
    post('login', closed(credentials, required)),
    post('logout', closed({ refreshToken: CREDENTIAL }, []), false),
    ...(tokens ? [post('refresh', refreshToken)] : []),
    session,
  ]
}
