/**
 * The part of policy that needs Rego, which is much to load: an entry of its own, so that a gate without
 * policies in Rego starts without it.
 */
export { createDeciders } from './decider/deciders.ts'
export { createPolicyStore } from './store/policy-store.ts'
export { edited, valueAt } from './store/edit.ts'
export { loadSources } from './bundle/load.ts'
export { parseDocument } from './bundle/documents.ts'
export { readBundle, writeBundle } from './bundle/sources.ts'
