import { main } from '../cli/index.ts'

process.exit(await main(process.argv.slice(2), 'tollgate-lab'))
