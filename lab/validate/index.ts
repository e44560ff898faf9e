export { readPlan } from './plan.ts'
export type { Plan } from './plan.ts'
export { validate } from './validate.ts'
export type { Validation, ValidationContext } from './validate.ts'
