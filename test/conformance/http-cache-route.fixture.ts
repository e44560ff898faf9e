/**
 * The plainest cache in configuration: one route for everything, whoever asks by whatever method, in front of one
 * upstream. To be put behind what a gate needs otherwise.
 *
 * @param upstream its settings, as YAML in braces
 * @param cache the route's `cache`, as YAML
 */
export const cacheEverything = (upstream: string, cache = 'true'): string => `
upstreams: { app: ${upstream} }
routes:
  - id: everything
    path: /{rest...}
    methods: any
    credentials: [anonymous]
    upstream: app
    cache: ${cache}
`
