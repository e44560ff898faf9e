import { resolve } from 'node:path'

/** The command line as people run it. */
export const LAUNCHER = resolve(import.meta.dir, '../bin/tollgate.mjs')

/** Free ports in place of the demo's own, so that tests do not disturb one that runs. */
export const DEMO_ENVIRONMENT = {
  ...process.env,
  TOLLGATE_DEMO_GATE: '127.0.0.1:0',
  TOLLGATE_DEMO_ADMIN: '127.0.0.1:0',
}

/** Starts the demo in a folder and waits until it says that it runs. */
export async function startDemo(
  folder: string,
  args: readonly string[] = [],
): Promise<{ stop(): Promise<number> }> {
  const demo = Bun.spawn(['node', LAUNCHER, 'demo', ...args], {
    cwd: folder,
    env: DEMO_ENVIRONMENT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let told = ''
  for await (const chunk of demo.stdout) {
    told += new TextDecoder().decode(chunk)
    if (told.includes('Stop with Ctrl-C')) break
  }
  return {
    stop: () => {
      demo.kill('SIGTERM')
      return demo.exited
    },
  }
}
