import { join } from 'node:path'

/** An example that runs in its own process. */
export interface AloneExample {
  readonly url: string
  /** Ends the process as `kill -9` does. */
  kill(): Promise<void>
}

/** Runs the `server.ts` of an example alone, on a free port. */
export async function startAlone(example: string, dataFolder: string): Promise<AloneExample> {
  const server = Bun.spawn([process.execPath, join(import.meta.dirname, example, 'server.ts')], {
    env: { ...process.env, PORT: '0', DATA_FOLDER: dataFolder },
    stdout: 'pipe',
  })
  let told = ''
  for await (const chunk of server.stdout) {
    told += new TextDecoder().decode(chunk)
    if (told.includes('\n')) break
  }
  const url = /listens on (\S+)/.exec(told)?.[1]
  if (url === undefined) throw new Error(`${example} did not start: ${told}`)
  return {
    url,
    async kill() {
      server.kill('SIGKILL')
      await server.exited
    },
  }
}
