export { startSubject } from './start.ts'
export type { StartWish, Subject } from './start.ts'
