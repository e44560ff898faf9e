import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where the demo's gate listens and keeps its data. */
export interface DemoSettings {
  readonly folder: string
  readonly gateAddress: string
  readonly adminAddress: string
}

const EXAMPLES = join(import.meta.dirname, '../../../examples')
const NAMES = ['spacetime', 'engram'] as const
/** Sections of the examples' configurations that map names to settings. */
const SECTIONS = ['upstreams', 'limits', 'schemas'] as const

type Section = Readonly<Record<string, unknown>>

interface ExampleConfig extends Readonly<Partial<Record<(typeof SECTIONS)[number], Section>>> {
  readonly policy?: { readonly roles?: Section; readonly allowLists?: Section }
  readonly routes: readonly unknown[]
}

const HEADER = `# The demo's configuration: those of the two examples in one, made anew at each start.
# Change it while the demo runs, and the gate goes on with the change.
`

/** Merges the configurations of both examples into one file, so that one gate serves both. */
export function writeDemoConfig(path: string, settings: DemoSettings): void {
  const configs = NAMES.map((name) => readExample(name))
  const merged = Object.fromEntries(
    SECTIONS.map((section) => [section, merge(configs.map((config) => config[section]))]),
  )
  const config = {
    version: 1,
    listen: { address: settings.gateAddress },
    admin: { address: settings.adminAddress },
    storage: { folder: resolve(settings.folder) },
    signals: { expose: ['health', 'ready', 'metrics', 'performance'], log: { level: 'warn' } },
    ...merged,
    policy: {
      roles: merge(configs.map((each) => each.policy?.roles)),
      allowLists: merge(configs.map((each) => each.policy?.allowLists)),
    },
    routes: configs.flatMap((each) => each.routes),
  }
  writeFileSync(path, `${HEADER}${Bun.YAML.stringify(config, null, 2)}\n`, { mode: 0o600 })
}

const readExample = (name: string): ExampleConfig =>
  Bun.YAML.parse(readFileSync(join(EXAMPLES, name, 'tollgate.yaml'), 'utf8')) as ExampleConfig

const merge = (sections: readonly (Section | undefined)[]): Section =>
  Object.assign({}, ...sections) as Section
