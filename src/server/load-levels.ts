import type { OpenLevels, ResponseLevelsOptions } from './response-levels.ts'

/**
 * Opens what the configuration keeps of responses beside memory. What does that is loaded when something is
 * kept there, or when other gates have to be heard.
 */
export async function loadResponseLevels(options: ResponseLevelsOptions): Promise<OpenLevels> {
  if (options.config.cache.disk === undefined && options.shared === undefined) {
    return { levels: undefined, close: async () => undefined }
  }
  const { openResponseLevels } = await import('./response-levels.ts')
  return openResponseLevels(options)
}
