import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { action } from '../action.ts'
import { branch, jsonArg, leaf } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'

/** `tollgate root-key`. */
export const rootKeyCommand = branch('root-key', 'The root key of the admin API', {
  rotate: action({
    name: 'rotate',
    summary: 'Create a new root key; the old one stops working at once',
    shown: { kind: 'issued', id: 'key', secrets: ['secret'] },
    confirm: () => 'The root key in use ends.',
    request: () => ({ method: 'POST', path: '/root-key/rotate' }),
  }),
  reset: leaf({
    name: 'reset',
    summary: 'Create a new root key when the old one is lost; the gate must not be running',
    args: {
      data: { type: 'string', required: true, valueHint: 'folder', description: 'Data folder.' },
      ...jsonArg,
    },
    examples: ['tollgate root-key reset --data .tollgate'],
    run: async (args, terminal) => {
      const folder = args.required('data')
      if (!existsSync(join(folder, 'tollgate.db'))) {
        throw new CliError(EXIT.notFound, `${folder} is no data folder`)
      }
      const { resetRootKey } = await import('../reset-root-key.ts')
      const secret = await resetRootKey(folder)
      if (args.flag('json')) await terminal.out(`${JSON.stringify({ secret }, null, 2)}\n`)
      else await terminal.out(`${secret}\n`)
      terminal.hint('Shown this once; keep it safe.')
    },
  }),
})
