import type { FieldReader } from './fields.ts'

/** Whether conditions apply to a response with this status (RFC 9110 §13.2.1). */
export const heedsConditions = (status: number): boolean => status >= 200 && status < 300

/** Whether a client says which response it has already. */
export const hasConditions = ({ fields }: { readonly fields: FieldReader }): boolean =>
  fields.get('if-none-match') !== null || fields.get('if-modified-since') !== null
