export type { Http1Listener } from './listener.ts'
export { openHttp1Listener } from './listener.ts'
export type { Http1ListenerOptions } from './options.ts'
export type { UnreadableReason } from './request-head.ts'
