import type { AdminApp } from './admin/index.ts'

/**
 * An admin API that is loaded with the first request to it, or its first chore: it is a tenth of the program, and would
 * delay the start of the gate.
 */
export function createLazyAdmin(load: () => Promise<AdminApp>): AdminApp {
  let loading: Promise<AdminApp> | undefined
  const app = (): Promise<AdminApp> => (loading ??= load())
  return {
    fetch: async (request, info) => (await app()).fetch(request, info),
    sweep: async () => (await app()).sweep(),
  }
}
