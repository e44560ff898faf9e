/**
 * Puts a gate behind `node:http` and the frameworks on it; see `docs/guides/embedding.md`.
 *
 * @module
 */
export { nodeListener } from './node-listener.ts'
export type { FetchGate, NodeListener, NodeListenerOptions } from './node-listener.ts'
