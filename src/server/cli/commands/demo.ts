import { leaf } from '../command.ts'

/** `tollgate demo`: the gate in front of two example APIs. */
export const demoCommand = leaf({
  name: 'demo',
  summary: 'Run the gate in front of two example APIs, on this machine only',
  args: {
    data: { type: 'string', valueHint: 'folder', description: 'Data folder (default .tollgate).' },
    address: {
      type: 'string',
      valueHint: 'host:port',
      description: 'Where the gate listens (TOLLGATE_DEMO_GATE; default 127.0.0.1:8080).',
    },
    'admin-address': {
      type: 'string',
      valueHint: 'host:port',
      description: 'Where the admin API listens (TOLLGATE_DEMO_ADMIN; default 127.0.0.1:8081).',
    },
  },
  examples: [
    'tollgate demo',
    'tollgate demo --address 127.0.0.1:9080 --admin-address 127.0.0.1:9081',
  ],
  run: async (args) => {
    const { demo } = await import('../../demo.ts')
    await demo({
      data: args.text('data'),
      gateAddress: args.text('address'),
      adminAddress: args.text('admin-address'),
    })
  },
})
