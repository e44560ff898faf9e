import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Log } from '../../storage/index.ts'
import { checkpointView, verifyReport } from '../admin/views.ts'
import type { Arguments } from './command.ts'
import { adminArgs, leaf } from './command.ts'
import { connectAdmin } from './connection.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { renderFields } from './table.ts'
import type { Terminal } from './terminal.ts'
import { messageOf } from '../../core/error-message.ts'

type Report = z.output<typeof verifyReport>
type Checkpoint = z.output<typeof checkpointView>

/** `tollgate audit verify`: checks the chain of a running gate or of a data folder. */
export const verifyCommand = leaf({
  name: 'verify',
  summary: 'Walk the chain and find any changed, missing or reordered record',
  args: {
    data: { type: 'string', valueHint: 'folder', description: 'Data folder, without a gate.' },
    checkpoint: {
      type: 'string',
      valueHint: 'path',
      description: 'A checkpoint saved earlier, as JSON: proves that nothing was cut off.',
    },
    ...adminArgs,
  },
  examples: [
    'tollgate audit verify --data .tollgate',
    'tollgate audit verify --checkpoint checkpoint.json',
  ],
  run: async (args, terminal) => {
    const checkpoint = await readCheckpoint(args.text('checkpoint'))
    const folder = args.text('data')
    const report =
      folder === undefined
        ? await verifyOnline(args, checkpoint, terminal)
        : await verifyOffline(folder, checkpoint)
    if (args.flag('json')) await terminal.out(`${JSON.stringify(report, null, 2)}\n`)
    else await showReport(report, terminal)
    if (!report.ok) throw new CliError(EXIT.checkFailed, describeFault(report))
  },
})

async function readCheckpoint(path: string | undefined): Promise<Checkpoint | undefined> {
  if (path === undefined) return undefined
  try {
    const parsed = checkpointView.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (parsed.success) return parsed.data
  } catch (error) {
    const reason = messageOf(error)
    throw new CliError(EXIT.error, `the checkpoint cannot be read: ${reason}`)
  }
  throw new CliError(EXIT.usage, `${path} holds no checkpoint`)
}

async function verifyOnline(
  args: Arguments,
  checkpoint: Checkpoint | undefined,
  terminal: Terminal,
): Promise<Report> {
  const client = await connectAdmin(
    { admin: args.text('admin'), 'root-key-file': args.text('root-key-file') },
    terminal,
  )
  const body = checkpoint === undefined ? {} : { checkpoint }
  return z.parse(
    verifyReport,
    await client.send({ method: 'POST', path: '/audit/verify', body, timeoutMs: Infinity }),
  )
}

async function verifyOffline(folder: string, checkpoint: Checkpoint | undefined): Promise<Report> {
  const path = join(folder, 'ledger')
  if (!existsSync(path)) throw new CliError(EXIT.notFound, `${folder} holds no audit log`)
  const [{ readFileLog }, { verifyChain }, { sha256 }] = await Promise.all([
    import('../../storage/index.ts'),
    import('../../ledger/index.ts'),
    import('../../core/digest.ts'),
  ])
  // Verifying only reads.
  const log = readFileLog(path) as Log
  const report = await verifyChain({ log, digest: sha256, checkpoint })
  return { ...report, fault: report.fault ?? null }
}

async function showReport(report: Report, terminal: Terminal): Promise<void> {
  const { fault, ...rest } = report
  const style = { color: terminal.color, aligned: terminal.isInteractive }
  await terminal.out(renderFields({ ...rest, ...(fault !== null && { fault }) }, style))
}

const describeFault = ({ fault }: Report): string =>
  fault === null
    ? 'the chain does not verify'
    : `record ${fault.seq} is ${fault.kind}: ${fault.detail} (segment ${fault.segment}, byte ${fault.offset})`
