import type { SubCommandsDef } from 'citty'
import type { Command } from '../command.ts'
import { leaf } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'

/** The command line for completion: the words that may follow each path. */
type WordsByPath = ReadonlyMap<string, readonly string[]>

const SHELLS: Readonly<Record<string, (words: WordsByPath) => string>> = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
}

/**
 * `tollgate completion`.
 *
 * @param root the command line that is completed
 */
export const createCompletionCommand = (root: () => Command): Command =>
  leaf({
    name: 'completion',
    summary: 'Print a completion script for bash, zsh or fish',
    args: { shell: { type: 'positional', description: 'bash, zsh or fish.' } },
    examples: [
      'source <(tollgate completion bash)',
      'tollgate completion zsh > ~/.zfunc/_tollgate',
      'tollgate completion fish > ~/.config/fish/completions/tollgate.fish',
    ],
    run: async (args, terminal) => {
      const shell = args.required('shell')
      const render = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
      if (render === undefined) {
        throw new CliError(EXIT.usage, `unknown shell ${shell}`, { hint: 'bash, zsh or fish.' })
      }
      await terminal.out(render(await collectWords(root())))
    },
  })

async function collectWords(root: Command): Promise<WordsByPath> {
  const found = new Map<string, readonly string[]>()
  const visit = async (command: Command, path: string): Promise<void> => {
    const children = (command.subCommands ?? {}) as SubCommandsDef
    const options = Object.entries(command.args ?? {})
      .filter(([, arg]) => (arg as { type?: string }).type !== 'positional')
      .map(([name]) => `--${name}`)
    found.set(path, [...Object.keys(children), ...options, '--help'])
    for (const [name, child] of Object.entries(children)) {
      if (name === 'completion') {
        found.set('completion', ['bash', 'zsh', 'fish', '--help'])
        continue
      }
      const loaded = (await (typeof child === 'function' ? child() : child)) as Command
      await visit(loaded, path === '' ? name : `${path} ${name}`)
    }
  }
  await visit(root, '')
  return found
}

function renderCases(words: WordsByPath): string {
  return [...words]
    .map(([path, list]) => `    ${path === '' ? '""' : `"${path}"`}) words="${list.join(' ')}" ;;`)
    .join('\n')
}

const PATH_LOOP = `  local path="" word words=""
  for word in "\${before[@]}"; do
    case "$word" in
      -*) break ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  while :; do
    case "$path" in
CASES
    esac
    if [ -n "$words" ] || [ -z "$path" ]; then break; fi
    case "$path" in
      *" "*) path="\${path% *}" ;;
      *) path="" ;;
    esac
  done`

function renderBash(words: WordsByPath): string {
  return `_tollgate() {
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${PATH_LOOP.replace('CASES', () => renderCases(words))}
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tollgate tollgate
`
}

function renderZsh(words: WordsByPath): string {
  return `#compdef tollgate
_tollgate() {
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
  _tollgate_words "\${before[@]}"
}
_tollgate_words() {
  local -a before
  before=("$@")
${PATH_LOOP.replace('CASES', () => renderCases(words))}
  compadd -- \${=words}
}
compdef _tollgate tollgate
`
}

function renderFish(words: WordsByPath): string {
  const lines = [...words].flatMap(([path, list]) => {
    const steps = path === '' ? [] : path.split(' ')
    const condition =
      steps.length === 0
        ? 'test (count (commandline -opc)) -eq 1'
        : steps.map((step) => `__fish_seen_subcommand_from ${step}`).join('; and ')
    return list.map((word) =>
      word.startsWith('--')
        ? `complete -c tollgate -n '${condition}' -l ${word.slice(2)}`
        : `complete -c tollgate -f -n '${condition}' -a ${word}`,
    )
  })
  return `${lines.join('\n')}\n`
}
