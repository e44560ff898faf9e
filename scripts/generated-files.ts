import { renderReferencePage, toEditorSchema } from '../src/core/config/index.ts'
import { gatewayConfig } from '../src/gate/index.ts'
import { describeApi, OPERATIONS } from '../src/server/admin/index.ts'
import { renderLabReference } from './lab-reference.ts'

const INTRO = `Every setting of \`tollgate.yaml\`. This page is generated from the schema that checks
the file; editors can use the same schema:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/tollgate/schema/v1.json
\`\`\`

Text values may contain \`\${NAME}\`, \`\${NAME:-default}\` and \`\${file:path}\`; see the
[guide](../guides/configuration.md).`

/** The files that are written from code, by path: committed, and kept current by a test. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const schema = toEditorSchema(gatewayConfig, {
    id: 'urn:tollgate:configuration:v1',
    title: 'Tollgate configuration',
  })
  const api = describeApi(OPERATIONS)
  return new Map([
    ['schema/v1.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['docs/reference/configuration.md', renderReferencePage(schema, 'Configuration', INTRO)],
    ['docs/reference/lab.md', await renderLabReference()],
    ['docs/reference/openapi.json', `${JSON.stringify(api, null, 2)}\n`],
  ])
}
