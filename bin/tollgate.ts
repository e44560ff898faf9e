// The gate and the lab are loaded only when they are asked for.
const [first, ...rest] = process.argv.slice(2)
const run =
  first === 'lab'
    ? async () => (await import('../lab/cli/index.ts')).main(rest)
    : async () => (await import('../src/server/cli/main.ts')).main(process.argv.slice(2))

// Exits even if something (the link to the launcher, a watcher) would keep the process waiting.
process.exit(await run())
