import { z } from 'zod'

/** Path parameters. A value that does not fit cannot exist, and is answered with 404. */
const id = (): z.ZodString => z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,127}$/)

export const noParams = z.strictObject({})
export const noQuery = z.strictObject({})

export const tenantParams = z.strictObject({ tenantId: id().describe('The tenant.') })
export const keyParams = tenantParams.extend({ keyId: id() })
export const tokenParams = tenantParams.extend({ tokenId: id() })
export const userParams = tenantParams.extend({ userId: id() })
export const sessionParams = tenantParams.extend({ sessionId: id() })
export const roleParams = tenantParams.extend({ role: id() })
export const userRoleParams = userParams.extend({ role: id() })
export const banParams = z.strictObject({ banId: id() })
export const limitParams = z.strictObject({ limit: id() })
