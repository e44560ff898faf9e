import { createServer } from 'node:net'
import { LabError } from '../core/index.ts'
import { endAtExit, killTree } from '../machine/index.ts'

/** How to start a server that will be measured. */
export interface StartWish {
  /** Command line for the shell; `{port}` and the other placeholders are filled in. */
  readonly command: string
  /** Path that is requested until there is an answer, with any status. */
  readonly path: string
  /** Values of other placeholders, such as `{profile}`. */
  readonly places?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** A server that was started for a measurement. */
export interface Subject {
  /** Origin without a slash at the end. */
  readonly url: string
  readonly pid: number
  /** Asks it to end (SIGTERM), and kills it if it has not ended within ten seconds. */
  stop(): Promise<void>
}

const START_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
const POLL_MS = 50

/**
 * Starts a server and waits until it answers.
 *
 * @throws LabError with its output if it ends or does not answer within 30 seconds
 */
export async function startSubject(wish: StartWish): Promise<Subject> {
  if (!wish.command.includes('{port}')) {
    throw new LabError('the command must say where the port goes: {port}')
  }
  const port = await freePort()
  const command = Object.entries({ port: String(port), ...wish.places }).reduce(
    (line, [name, value]) => line.replaceAll(`{${name}}`, value),
    wish.command,
  )
  const child = Bun.spawn(['sh', '-c', `exec ${command}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...wish.environment },
  })
  const release = endAtExit({ pid: child.pid })
  const said = tailOf(child.stderr)
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(killTree, STOP_MS_MAX, child.pid)
    await child.exited
    clearTimeout(timer)
    release()
  }
  try {
    const endMs = performance.now() + START_MS_MAX
    while (!(await answers(new URL(wish.path, url)))) {
      wish.signal.throwIfAborted()
      if (child.exitCode !== null) {
        throw new LabError(`${command}: ended with ${child.exitCode}\n${said()}`)
      }
      if (performance.now() > endMs) throw new LabError(`${command}: no answer\n${said()}`)
      await Bun.sleep(POLL_MS)
    }
    return { url, pid: child.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function answers(url: URL): Promise<boolean> {
  try {
    await (await fetch(url, { redirect: 'manual' })).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.on('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}

const TAIL_CHARACTERS = 2000

/** Collects the end of a process's output. */
function tailOf(stream: ReadableStream<Uint8Array>): () => string {
  let text = ''
  const decoder = new TextDecoder()
  const read = async (): Promise<void> => {
    for await (const chunk of stream) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-TAIL_CHARACTERS)
    }
  }
  // If the stream breaks off, what was read so far is enough.
  read().catch(() => undefined)
  return () => text.trim()
}
