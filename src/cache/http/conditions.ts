import type { FieldReader } from './fields.ts'

/** Whether a client says which response it has already. */
export const hasConditions = ({ fields }: { readonly fields: FieldReader }): boolean =>
  fields.get('if-none-match') !== null || fields.get('if-modified-since') !== null
