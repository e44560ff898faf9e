import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readProcesses, treeOf } from '../machine/index.ts'

const ENTRY = resolve(import.meta.dirname, '../bin/tollgate-lab.ts')
const GATE = resolve(import.meta.dirname, '../../bin/tollgate.mjs')

let folder: string
let temporary: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-interrupt-'))
  temporary = await mkdtemp(join(folder, 'temporary-'))
})
afterEach(async () => {
  for (const pid of started.splice(0).filter(isRunning)) process.kill(pid, 'SIGKILL')
  await rm(folder, { recursive: true })
})
/** Descendants of the lab before it was interrupted. */
const started: number[] = []

/** A lab whose temporary folders lie in one that nobody else uses. */
const start = (...args: readonly string[]) =>
  Bun.spawn([process.execPath, ENTRY, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  })

/** Waits until the lab has said something. */
async function awaitWord(child: ReturnType<typeof start>, word: string): Promise<void> {
  const decoder = new TextDecoder()
  let said = ''
  for await (const chunk of child.stderr) {
    said += decoder.decode(chunk, { stream: true })
    if (said.includes(word)) return
  }
  throw new Error(said)
}

/** Ctrl-C again and again, for as long as it takes. */
async function interruptUntilGone(child: ReturnType<typeof start>): Promise<number> {
  const timer = setInterval(() => child.kill('SIGINT'), 100)
  const code = await child.exited
  clearInterval(timer)
  return code
}

/** Whether a process runs; one that has ended and waits to be read has no command line any more. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

/** Those that still run after a while. */
async function survivorsOf(pids: readonly number[]): Promise<readonly number[]> {
  const endMs = performance.now() + 5000
  while (pids.some(isRunning) && performance.now() < endMs) await Bun.sleep(20)
  return pids.filter(isRunning)
}

/** Waits until a lab has started so many processes, and remembers them. */
async function awaitDescendants(lab: ReturnType<typeof start>, least: number): Promise<void> {
  const all = (): readonly number[] =>
    [...treeOf([lab.pid], readProcesses())].filter((member) => member !== lab.pid)
  while (all().length < least) await Bun.sleep(5)
  started.push(...all())
}

describe.skipIf(!existsSync('/proc/self/stat'))('a second Ctrl-C', () => {
  /** A program that starts another one and does not hear when it is told to end, as wrappers do. */
  async function deafWrapper(...command: readonly string[]): Promise<string> {
    const path = join(folder, 'wrapper.sh')
    const quoted = command.map((word) => `'${word}'`).join(' ')
    await writeFile(path, `#!/bin/sh\ntrap '' TERM INT\n${quoted} "$@" &\nwait\n`)
    await chmod(path, 0o700)
    return path
  }

  test('leaves no gate and no folder of `overhead` behind', async () => {
    const wrapper = await deafWrapper('node', GATE)
    const lab = start('overhead', '--command', wrapper, '--only', 'identify', '--for', '60s')
    await awaitWord(lab, 'warming up')
    // The wrapper, the launcher, the gate.
    await awaitDescendants(lab, 3)
    expect(await readdir(temporary)).not.toEqual([])
    expect(await interruptUntilGone(lab)).toBe(130)
    expect(await survivorsOf(started)).toEqual([])
    expect(await readdir(temporary)).toEqual([])
  }, 30_000)

  test('leaves no server of `scale` behind', async () => {
    const server = join(folder, 'server.ts')
    await writeFile(
      server,
      `Bun.serve({ hostname: '127.0.0.1', port: Number(process.argv[2]), fetch: () => new Response('') })`,
    )
    const wrapper = await deafWrapper(process.execPath, server)
    const lab = start('scale', '--command', `${wrapper} {port}`, '--sizes', '1,2,3,4')
    await awaitWord(lab, 'instances')
    // The wrapper and the server.
    await awaitDescendants(lab, 2)
    expect(await interruptUntilGone(lab)).toBe(130)
    expect(await survivorsOf(started)).toEqual([])
  }, 30_000)

  test('leaves no service of `validate` behind', async () => {
    const server = join(folder, 'server.ts')
    const ready = join(folder, 'ready')
    await writeFile(
      server,
      `const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') })
       await Bun.write('${ready}', server.url.href)`,
    )
    const wrapper = await deafWrapper(process.execPath, server)
    const plan = join(folder, 'plan.yaml')
    // Nothing answers there: it waits for the service, which runs meanwhile.
    await writeFile(
      plan,
      `title: t\nservices: { one: { command: ['${wrapper}'], ready: 'http://127.0.0.1:1/' } }\n`,
    )
    const lab = start('validate', plan)
    while (!existsSync(ready)) await Bun.sleep(20)
    await awaitDescendants(lab, 2)
    expect(await interruptUntilGone(lab)).toBe(130)
    expect(await survivorsOf(started)).toEqual([])
  }, 30_000)
})

test('a gate that cannot be started leaves no folder behind', async () => {
  const lab = start('overhead', '--command', join(folder, 'no-such-program'))
  const said = await new Response(lab.stderr).text()
  expect(said.split('\n')[0]).toMatch(/^tollgate lab: cannot start .*no-such-program: ENOENT/)
  expect(said).not.toContain('    at ')
  expect(await lab.exited).toBe(1)
  expect(await readdir(temporary)).toEqual([])
})
