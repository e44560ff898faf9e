import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const NAME = process.platform === 'win32' ? 'bun.exe' : 'bun'
const STUB_BYTES_MAX = 1_000_000

/**
 * The path of the pinned Bun. Its postinstall script moves the binary over a stub in the `bun`
 * package; where scripts did not run, the binary still lies in a package of the platform.
 */
export function findBun() {
  const found = [...candidates()].find(
    (path) => existsSync(path) && statSync(path).size > STUB_BYTES_MAX,
  )
  if (found === undefined) {
    process.stderr.write('tollgate: Bun is not installed; run `npm ci` in the project first\n')
    process.exit(1)
  }
  return found
}

function* candidates() {
  const root = packageFolder('bun')
  if (root !== undefined) yield join(root, 'bin', 'bun.exe')
  const cpu = process.arch === 'arm64' ? 'aarch64' : 'x64'
  for (const suffix of ['', '-baseline', '-musl', '-musl-baseline']) {
    const folder = packageFolder(`@oven/bun-${process.platform}-${cpu}${suffix}`)
    if (folder !== undefined) yield join(folder, 'bin', NAME)
  }
}

function packageFolder(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}
