/**
 * The part of policy that needs Rego, which takes long to load. It has its own entry point, so that a gate without Rego
 * policies starts without it.
 */
export { createDeciders } from './decider/deciders.ts'
export { createPolicyStore } from './store/policy-store.ts'
export { edited, valueAt } from './store/edit.ts'
export { loadSources } from './bundle/load.ts'
export { parseDocument } from './bundle/documents.ts'
export { readBundle, writeBundle } from './bundle/sources.ts'
