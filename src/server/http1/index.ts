export type { Http1Listener, Http1ListenerOptions } from './listener.ts'
export { openHttp1Listener } from './listener.ts'
