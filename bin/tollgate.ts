import { main } from '../src/server/cli/main.ts'

// Exits even if something (the link to the launcher, a watcher) would keep the process waiting.
process.exit(await main(process.argv.slice(2)))
