import type { ConfigError } from '../../core/config/index.ts'
import { messageOf } from '../../core/error-message.ts'
import type { GatewayConfig } from '../../gate/index.ts'
import { createAllowListCounts, createLive, createNouns, loadDeciders } from '../../gate/index.ts'
import { readGatewayConfig } from '../config-file.ts'
import { openStorage } from '../storage.ts'
import { createWorld } from '../world.ts'

/** What was found in a configuration file; if there are no errors, it can be put in force. */
export interface OfflineVerdict {
  readonly errors: readonly ConfigError[]
  readonly warnings: readonly ConfigError[]
  readonly config: GatewayConfig | undefined
}

/**
 * Loads and compiles a configuration as the gate would, on storage in memory: nothing is bound,
 * written or sent.
 */
export async function compileOffline(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OfflineVerdict> {
  const loaded = await readGatewayConfig(path, environment)
  if (!loaded.ok) return { errors: loaded.errors, warnings: [], config: undefined }
  const { value: config, warnings, errorAt } = loaded
  const problems = await compile(config)
  const errors = problems.map((problem) => errorAt(problem.path, problem.message))
  return { errors, warnings, config }
}

interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const PEPPER_BYTES = 32

async function compile(config: GatewayConfig): Promise<readonly Problem[]> {
  const world = createWorld({ ...config.signals, log: { level: 'silent', format: 'json' } })
  const { clock, random } = world
  const inMemory: GatewayConfig = {
    ...config,
    storage: { ...config.storage, kind: 'memory' },
    upstreams: withoutHealthChecks(config.upstreams),
  }
  const nowhere = { path: '', database: '', ledger: '' }
  const storage = await openStorage(inMemory, nowhere, clock)
  const peppers = [{ version: 1, bytes: random.bytes(PEPPER_BYTES) }]
  try {
    const nouns = await createNouns(inMemory, storage, peppers, world)
    const allowLists = createAllowListCounts()
    const outcome = createLive(inMemory, {
      nouns,
      counters: storage.counters,
      allowLists,
      world,
      createDeciders: await loadDeciders(inMemory),
      fallback: () => undefined,
    })
    if (outcome.ok) await outcome.live.close(0)
    await nouns.close()
    return outcome.ok ? [] : outcome.problems
  } catch (error) {
    return [{ path: [], message: messageOf(error) }]
  } finally {
    await storage.close()
  }
}

/** A check sends nothing, so that it can run where upstreams are unreachable. */
const withoutHealthChecks = (upstreams: GatewayConfig['upstreams']): GatewayConfig['upstreams'] =>
  Object.fromEntries(
    Object.entries(upstreams).map(([name, { health: _health, ...rest }]) => [name, rest]),
  )
