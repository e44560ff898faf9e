import { systemClock } from '../../core/clock.ts'
import { systemRandom } from '../../core/random.ts'
import { gatewayConfig } from '../../gate/index.ts'
import { createLedger } from '../../ledger/index.ts'
import { DataLockedError } from '../../storage/index.ts'
import { openRootKey } from '../admin/root-key.ts'
import { openDataFolder } from '../data-folder.ts'
import { openStorage } from '../storage.ts'
import { CliError, EXIT } from './exit-codes.ts'

/**
 * Makes a new root key in a data folder that no gate is using, after recording that in the audit log. Anyone who may
 * write the folder may do this, because it holds everything that the key protects.
 */
export async function resetRootKey(path: string): Promise<string> {
  const config = gatewayConfig.parse({ storage: { folder: path } })
  const clock = systemClock
  const storage = await openStorage(config, openDataFolder(path), clock).catch(explainLock)
  try {
    const ledger = await createLedger({ log: storage.log, clock, config: config.audit })
    await ledger.append({
      kind: 'system',
      actor: { kind: 'system', id: 'command-line' },
      action: 'root-key.reset',
      target: 'root',
      outcome: 'ok',
    })
    await ledger.close()
    const rootKey = await openRootKey({ records: storage.records, clock, random: systemRandom })
    return rootKey.created ?? (await rootKey.rotate())
  } finally {
    await storage.close()
  }
}

function explainLock(error: unknown): never {
  if (!(error instanceof DataLockedError)) throw error
  throw new CliError(EXIT.conflict, error.message, {
    hint: 'Stop the gate first, or use tollgate root-key rotate.',
  })
}
