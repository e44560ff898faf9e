import { leaf } from '../command.ts'

/** `tollgate demo`: the gate in front of two example APIs. */
export const demoCommand = leaf({
  name: 'demo',
  summary: 'Run the gate in front of two example APIs, on this machine only',
  args: {
    data: { type: 'string', valueHint: 'folder', description: 'Data folder (default .tollgate).' },
  },
  examples: ['tollgate demo'],
  run: async (args) => {
    const { demo } = await import('../../demo.ts')
    const data = args.text('data')
    await demo({ ...(data !== undefined && { data }) })
  },
})
