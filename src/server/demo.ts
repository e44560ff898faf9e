import { join } from 'node:path'
import { start as startEngram } from '../../examples/engram/server.ts'
import { start as startSpacetime } from '../../examples/spacetime/server.ts'
import { CliError, EXIT } from './cli/exit-codes.ts'
import { hostAndPort } from './cli/option-values.ts'
import { createTerminal } from './cli/terminal.ts'
import { readGatewayConfig } from './config-file.ts'
import { writeDemoConfig } from './demo/config.ts'
import { issueCredentials } from './demo/credentials.ts'
import { describeDemo } from './demo/describe.ts'
import { openDataFolder, writePrivateFile } from './data-folder.ts'
import type { Gateway } from './gateway.ts'
import { ListenError, probeAddress } from './listener.ts'
import { startOrExplain } from './serve.ts'
import { untilStopped } from './until-stopped.ts'
import { createWorld } from './world.ts'

/** The options of `tollgate demo`. */
export interface DemoOptions {
  /** Data folder; default `.tollgate`. */
  readonly data?: string | undefined
  /** `host:port`; default that of the environment (TOLLGATE_DEMO_GATE), or 127.0.0.1:8080. */
  readonly gateAddress?: string | undefined
  /** `host:port`; default that of the environment (TOLLGATE_DEMO_ADMIN), or 127.0.0.1:8081. */
  readonly adminAddress?: string | undefined
}

const GATE_ADDRESS = '127.0.0.1:8080'
const ADMIN_ADDRESS = '127.0.0.1:8081'
const ELSEWHERE = 'Such as: tollgate demo --address 127.0.0.1:9080 --admin-address 127.0.0.1:9081'
const EXAMPLES_ADDRESS = { hostname: '127.0.0.1', port: 0 } as const

/**
 * Runs two example APIs and the gate in front of them, reachable only from this machine, until told to stop. When
 * started again, it continues with the same data and the same keys.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const terminal = createTerminal()
  const { environment } = terminal
  const folder = options.data ?? '.tollgate'
  const gateAddress = options.gateAddress ?? environment['TOLLGATE_DEMO_GATE'] ?? GATE_ADDRESS
  const adminAddress = options.adminAddress ?? environment['TOLLGATE_DEMO_ADMIN'] ?? ADMIN_ADDRESS
  hostAndPort('--address', gateAddress)
  hostAndPort('--admin-address', adminAddress)
  requireFree([gateAddress, adminAddress])
  openDataFolder(folder)
  const examples = await startExamples(folder)
  try {
    const gateway = await startGate(folder, { gateAddress, adminAddress }, examples.environment)
    const credentials = await issueCredentials(gateway, join(folder, 'demo.json'))
    const description = describeDemo(gateway, credentials)
    writePrivateFile(join(folder, 'demo.json'), `${JSON.stringify(description.file, null, 2)}\n`)
    await terminal.out(description.text)
    await untilStopped()
    await gateway.stop()
  } finally {
    await examples.stop()
  }
}

/** Checks, before anything is created, that the gate's addresses are free. */
function requireFree(addresses: readonly string[]): void {
  for (const address of addresses) {
    try {
      probeAddress(address)
    } catch (error) {
      if (error instanceof ListenError)
        throw new CliError(EXIT.conflict, error.message, { hint: ELSEWHERE })
      throw error
    }
  }
}

interface Examples {
  /** Their addresses, as variables that the configuration uses. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

async function startExamples(folder: string): Promise<Examples> {
  const dataOf = (name: string): string => join(folder, 'examples', name)
  const spacetime = await startSpacetime({ ...EXAMPLES_ADDRESS, dataFolder: dataOf('spacetime') })
  const engram = await startEngram({ ...EXAMPLES_ADDRESS, dataFolder: dataOf('engram') })
  return {
    environment: { SPACETIME_URL: spacetime.url, ENGRAM_URL: engram.url },
    async stop() {
      await spacetime.stop()
      await engram.stop()
    },
  }
}

async function startGate(
  folder: string,
  addresses: { readonly gateAddress: string; readonly adminAddress: string },
  upstreams: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const path = join(folder, 'demo.yaml')
  writeDemoConfig(path, { folder, ...addresses })
  const environment = { ...process.env, ...upstreams }
  const loaded = await readGatewayConfig(path, environment)
  if (!loaded.ok)
    throw new Error(`the demo's own configuration is wrong: ${loaded.errors[0]?.message}`)
  const world = createWorld(loaded.value.signals)
  return startOrExplain({ path, loaded, environment, world })
}
