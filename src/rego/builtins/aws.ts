import { createHash, createHmac } from 'node:crypto'
import {
  isObject,
  jsonKey,
  makeObject,
  objectEntries,
  objectGet,
  RSet,
  setOwn,
  stringifyJson,
  toBigInt,
  toTermText,
} from '../values/index.ts'
import type { PlainObject, RObj, Value } from '../values/index.ts'
import { requestOperand } from './http/request.ts'
import { numberOperand, objectOperand, operandError, operandTypeError } from './operands.ts'
import { toLower } from './strings/casing.ts'
import { formatTime } from './time/format.ts'
import { UTC } from './time/zone.ts'
import type { BuiltinCall } from './types.ts'

type Obj = PlainObject | RObj

const REQUIRED: readonly string[] = [
  'aws_access_key',
  'aws_region',
  'aws_secret_access_key',
  'aws_service',
]
/** Proxies may change these on the way. */
const UNSIGNED: ReadonlySet<string> = new Set(['authorization', 'user-agent', 'x-amzn-trace-id'])
/** Services that want the digest of the content as a header. */
const CONTENT_HASHED: ReadonlySet<string> = new Set(['s3', 'glacier'])

interface Config {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  readonly service: string
  readonly sessionToken: string
  readonly unsignedPayload: boolean
}

function text(object: Obj, name: string): string {
  const value = objectGet(object, name)
  return typeof value === 'string' ? value : ''
}

function readConfig(args: readonly Value[]): Config {
  const config = objectOperand(args, 1)
  const missing = REQUIRED.filter((name) => objectGet(config, name) === undefined)
  if (missing.length > 0) {
    throw operandError(
      1,
      `missing required AWS config parameters(s): ${toTermText(RSet.from(missing))}`,
    )
  }
  const invalid = REQUIRED.filter((name) => typeof objectGet(config, name) !== 'string')
  if (invalid.length > 0) {
    throw operandError(
      1,
      `invalid values for required AWS config parameters(s): ${toTermText(RSet.from(invalid))}`,
    )
  }
  return {
    accessKey: text(config, 'aws_access_key'),
    secretKey: text(config, 'aws_secret_access_key'),
    region: text(config, 'aws_region'),
    service: text(config, 'aws_service'),
    sessionToken: text(config, 'aws_session_token'),
    unsignedPayload: false,
  }
}

function unsignedPayload(args: readonly Value[]): boolean {
  const value = objectGet(objectOperand(args, 1), 'disable_payload_signing') ?? false
  if (typeof value !== 'boolean')
    throw operandError(1, "invalid value for 'disable_payload_signing' in AWS config")
  return value
}

function signRequest(args: readonly Value[]): Value {
  const request = objectOperand(args, 0)
  const config = readConfig(args)
  const timestamp = toBigInt(numberOperand(args, 2))
  if (timestamp === undefined || BigInt.asIntN(64, timestamp) !== timestamp) {
    throw operandError(2, 'could not convert time_ns value into a unix timestamp')
  }
  requestOperand(args, 0)
  const given = objectGet(request, 'headers') ?? {}
  if (!isObject(given)) throw operandTypeError(-1, given, 'object')
  const invalid = ['url', 'method'].filter((name) => typeof objectGet(request, name) !== 'string')
  if (invalid.length > 0) {
    throw operandError(
      0,
      `invalid values for required request parameters(s): ${toTermText(RSet.from(invalid))}`,
    )
  }
  const settings = { ...config, unsignedPayload: unsignedPayload(args) }
  const headers = signedHeaders(request, given, settings, timestamp)
  return makeObject([...objectEntries(request), ['headers', headers]])
}

function bodyOf(request: Obj): string {
  if (objectGet(request, 'raw_body') !== undefined) return text(request, 'raw_body')
  const body = objectGet(request, 'body')
  return body === undefined ? '' : stringifyJson(body, { escapeHtml: true })
}

/** The parts of a URL as they are written: nothing is normalized before it is signed. */
function urlParts(url: string): { host: string; path: string; query: string } {
  const match =
    /^(?:[A-Za-z][\w+.-]*:)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(url)
  return { host: match?.[1] ?? '', path: match?.[2] ?? '', query: match?.[3] ?? '' }
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest()

/** Signature Version 4 (AWS General Reference). */
function signedHeaders(request: Obj, given: Obj, config: Config, timestamp: bigint): Value {
  const seconds = Number(
    (timestamp - (((timestamp % 10n ** 9n) + 10n ** 9n) % 10n ** 9n)) / 10n ** 9n,
  )
  const date = formatTime(seconds, 0, UTC, '20060102')
  const moment = formatTime(seconds, 0, UTC, '20060102T150405Z')
  const { host, path, query } = urlParts(text(request, 'url'))
  const content = config.unsignedPayload ? 'UNSIGNED-PAYLOAD' : sha256(bodyOf(request))
  const own: [string, string][] = [
    ['host', host],
    ['x-amz-date', moment],
    ...(CONTENT_HASHED.has(config.service)
      ? ([['x-amz-content-sha256', content]] as [string, string][])
      : []),
    ...(config.sessionToken === ''
      ? []
      : ([['x-amz-security-token', config.sessionToken]] as [string, string][])),
  ]
  const original = Array.from(objectEntries(given), ([name, value]): [string, string] => [
    jsonKey(name),
    typeof value === 'string' ? value : '',
  ])
  const signed = new Map(own)
  for (const [name, value] of original)
    if (!UNSIGNED.has(toLower(name))) signed.set(toLower(name), value)
  const names = Array.from(signed.keys()).sort()
  const lines = names.map((name) => `${name}:${signed.get(name)}\n`).join('')
  const canonical = [text(request, 'method'), path, query, lines, names.join(';'), content].join(
    '\n',
  )
  const scope = `${date}/${config.region}/${config.service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonical)].join('\n')
  const key = [config.region, config.service, 'aws4_request'].reduce(
    hmac,
    hmac(`AWS4${config.secretKey}`, date),
  )
  const credential = `Credential=${config.accessKey}/${scope}`
  const signature = `Signature=${hmac(key, toSign).toString('hex')}`
  const authorization = `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${names.join(';')},${signature}`
  const headers: { [key: string]: Value } = {}
  for (const [name, value] of [...original, ['Authorization', authorization] as const, ...own])
    setOwn(headers, name, value)
  return headers
}

/** Signatures of cloud providers. */
export const PROVIDERS: Readonly<Record<string, BuiltinCall>> = {
  'providers.aws.sign_req': (_, args) => signRequest(args),
}
