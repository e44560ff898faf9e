import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const LAUNCHER = resolve(import.meta.dirname, '../../../bin/tollgate.mjs')
const CONFIGURATION = resolve(import.meta.dirname, '../gate.tollgate.yaml')
/** Where the gate of the plan keeps its data. */
export const DATA = resolve('.tollgate')

/** Another instance of the plan's gate, at other addresses and in a folder of its own. */
export interface SecondGate {
  readonly url: string
  readonly data: string
  start(): Promise<void>
  /** Sends SIGTERM; resolves with the exit status. */
  stop(): Promise<number>
}

/**
 * Prepares a second gate and removes it afterward, whatever happens.
 *
 * @param addition - Lines of configuration beside those of the plan's gate.
 */
export async function withSecondGate(
  addition: string,
  use: (gate: SecondGate) => Promise<string>,
): Promise<never> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-check-'))
  const data = join(folder, 'data')
  const configuration = join(folder, 'tollgate.yaml')
  let child: Bun.Subprocess | undefined
  const stop = async (): Promise<number> => {
    child?.kill('SIGTERM')
    return (await child?.exited) ?? 0
  }
  const start = async (): Promise<void> => {
    child = Bun.spawn(['node', LAUNCHER, 'serve', configuration], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    while (child.exitCode === null) {
      if ((await fetch('http://127.0.0.1:9188/ready').catch(() => undefined))?.ok === true) return
      await Bun.sleep(100)
    }
    throw new Error('the second gate did not start')
  }
  try {
    const text = await readFile(CONFIGURATION, 'utf8')
    const moved = text
      .replace('127.0.0.1:9180', '127.0.0.1:9188')
      .replace('127.0.0.1:9181', '127.0.0.1:9189')
      .replace('folder: .tollgate', `folder: ${JSON.stringify(data)}`)
    await writeFile(configuration, `${moved}\n${addition}\n`)
    process.stdout.write(`${await use({ url: 'http://127.0.0.1:9188', data, start, stop })}\n`)
    process.exitCode = 0
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  } finally {
    await stop()
    await rm(folder, { recursive: true, force: true })
  }
  process.exit()
}

/** Runs `tollgate` and returns its output. Throws if it fails. */
export async function tollgate(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(['node', LAUNCHER, ...args], { stdout: 'pipe', stderr: 'pipe' })
  const [said, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`tollgate ${args[0]} failed: ${(said + error).trim()}`)
  return said.trim()
}
