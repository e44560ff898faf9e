export { startFaultProxy } from './proxy.ts'
export type { Fault, FaultProxy, FaultProxyOptions } from './proxy.ts'
