import { spawn } from 'node:child_process'
import { endAtExit } from '../../machine/index.ts'
import type { Finding } from './check.ts'
import { excerpt } from './check.ts'

const OUTPUT_CHARACTERS_MAX = 100_000

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(
  [program = '', ...args]: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] })
    const release = child.pid === undefined ? () => undefined : endAtExit({ pid: child.pid })
    let output = ''
    const keep = (chunk: Buffer) => {
      if (output.length < OUTPUT_CHARACTERS_MAX) output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('exit', release)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** Runs a program of the plan; exit status 0 means that the check passes. */
export async function checkCommand(
  command: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<Finding> {
  const evidence = command.join(' ')
  try {
    const { code, output } = await run(command, folder, signal)
    const measured = excerpt(output) || `exit status ${code}`
    return code === 0
      ? { status: 'pass', measured, reason: 'it exited with 0', evidence }
      : { status: 'fail', measured, reason: `it exited with ${code ?? 'a signal'}`, evidence }
  } catch (error) {
    const reason = signal.aborted ? 'it took too long' : (error as Error).message
    return { status: 'fail', measured: 'did not end well', reason, evidence }
  }
}
