export type { Fault } from './fault.ts'
export { startFaultProxy } from './proxy.ts'
export type { FaultProxy, FaultProxyOptions } from './proxy.ts'
