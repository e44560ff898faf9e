import { readFileSync } from 'node:fs'

/** Versions of everything involved: the lab, its runtime, and the commit that is measured. */
export function readVersions(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  const commit = readCommit()
  return { lab: version, bun: Bun.version, ...(commit !== undefined && { commit }) }
}

/** The commit of the current folder, with a plus sign where files differ from it. */
function readCommit(): string | undefined {
  const commit = git('rev-parse', '--short=12', 'HEAD')
  if (commit === undefined) return undefined
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`
}

function git(...args: readonly string[]): string | undefined {
  try {
    const run = Bun.spawnSync(['git', ...args], { stderr: 'ignore' })
    return run.success ? run.stdout.toString().trim() : undefined
  } catch {
    // No git on this machine.
    return undefined
  }
}
