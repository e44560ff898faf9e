import type { ArgsDef } from 'citty'
import type { Aim } from '../load/index.ts'
import type { Arguments } from './arguments.ts'
import type { CommonOptions } from './common-options.ts'
import { UsageError } from './exit-codes.ts'
import { readBody } from './request-options.ts'

/** Options of experiments that send requests: what to send, and where. */
export const aimArgs = {
  scenario: {
    type: 'string',
    valueHint: 'file',
    description: 'Scenario (.ts), HAR file or OpenAPI document; otherwise the URL of --target.',
  },
  set: {
    type: 'string',
    valueHint: 'name=value',
    description: 'Environment variable for the setup of the scenario; repeatable. Recorded.',
  },
  methods: {
    type: 'string',
    valueHint: 'list',
    description: 'Methods to take from an OpenAPI document (default GET,HEAD).',
  },
  method: {
    type: 'string',
    valueHint: 'name',
    description: 'Method of the one request (default GET).',
  },
  body: { type: 'string', valueHint: 'text', description: 'Body of the one request.' },
  insecure: { type: 'boolean', description: 'Accept certificates that cannot be verified.' },
  connect: {
    type: 'string',
    valueHint: 'addresses',
    description: 'Connect to these addresses instead, such as 127.0.0.1,127.0.0.2.',
  },
} as const satisfies ArgsDef

/** Reads what to send, and where. */
export function readAim(args: Arguments, common: CommonOptions): Aim {
  if (common.target === undefined) {
    throw new UsageError(
      '--target is missing',
      'Say which server, such as --target http://127.0.0.1:8080/.',
    )
  }
  const scenario = args.text('scenario') ?? null
  const { method, body } = readBody(args)
  if (scenario !== null && (body !== null || args.text('method') !== undefined)) {
    throw new UsageError('--method and --body are for a single request, without --scenario')
  }
  return {
    target: common.target,
    allowRemote: common.allowRemote,
    insecure: args.flag('insecure'),
    addresses: readList(args.text('connect')),
    headers: common.headers,
    scenario,
    methods: readList(args.text('methods')),
    method,
    body,
    ...(args.texts('set').length > 0 && { environment: readSet(args.texts('set')) }),
  }
}

function readSet(lines: readonly string[]): Readonly<Record<string, string>> {
  const pairs = lines.map((line) => {
    const at = line.indexOf('=')
    if (at < 1) throw new UsageError(`--set: expected name=value, not ${line}`)
    return [line.slice(0, at), line.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}

/** Values with commas between them. */
export const readList = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
