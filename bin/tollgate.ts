import { main } from '../src/server/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
