import { branch } from '../../command.ts'

/** `tollgate policy`: tools for policies in Rego. */
export const policyCommand = branch(
  'policy',
  'Write, test and serve policies in Rego',
  {
    eval: async () => (await import('./eval.ts')).evalCommand,
    test: async () => (await import('./test.ts')).testCommand,
    check: async () => (await import('./check.ts')).checkCommand,
    fmt: async () => (await import('./fmt.ts')).fmtCommand,
    bench: async () => (await import('./bench.ts')).benchCommand,
    build: async () => (await import('./build.ts')).buildCommand,
    serve: async () => (await import('./serve.ts')).serveCommand,
  },
  [
    'tollgate policy check policies/',
    'tollgate policy test policies/ --coverage',
    'tollgate policy eval data.app.authz.allow --data policies/ --input request.json',
  ],
)
