import type { OpenLevels, ResponseLevelsOptions } from './response-levels.ts'

/**
 * Opens the levels in which the configuration keeps responses beyond memory. Their code is loaded only if responses are
 * kept there, or if invalidations from other gates have to be received.
 */
export async function loadResponseLevels(options: ResponseLevelsOptions): Promise<OpenLevels> {
  if (options.config.cache.disk === undefined && options.shared === undefined) {
    return { levels: undefined, close: async () => undefined }
  }
  const { openResponseLevels } = await import('./response-levels.ts')
  return openResponseLevels(options)
}
