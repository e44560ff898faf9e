import type { FieldReader } from './fields.ts'

const CONDITIONS = ['if-none-match', 'if-modified-since', 'range'] as const

/** Whether a request asks for less than the whole response, on conditions or by a range. */
export const hasConditions = ({ fields }: { readonly fields: FieldReader }): boolean =>
  CONDITIONS.some((name) => fields.get(name) !== null)
