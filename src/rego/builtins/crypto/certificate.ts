import { fromBigInt } from '../../values/index.ts'
import type { Value } from '../../values/index.ts'
import { BASE64, decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import { utf8Text } from '../encoding/text-bytes.ts'
import { BuiltinError } from '../types.ts'
import {
  bitsOf,
  contextTag,
  ElementReader,
  integerOf,
  oidOf,
  readAll,
  readOnly,
  TAG,
  timeOf,
} from './asn1.ts'
import type { Element } from './asn1.ts'
import {
  extensionFields,
  extensionValue,
  listOrNull,
  nameFields,
  NO_EXTENSIONS,
  readExtensions,
} from './extensions.ts'
import type { Extension } from './extensions.ts'
import { distinguishedName } from './names.ts'
import { decodePem, decodePems, isPem } from './pem.ts'
import { publicKeyFields, signatureAlgorithm } from './public-key.ts'

/** A certificate: what a policy sees, and the bytes that verification needs. */
export interface Certificate {
  readonly fields: Readonly<Record<string, Value>>
  readonly raw: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly algorithm: ReturnType<typeof signatureAlgorithm>
  readonly keyInfo: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
}

/** Certificates from PEM, from Base64 of PEM, or from Base64 of DER. */
export function readCertificates(text: string): Certificate[] {
  if (isPem(text)) return fromPem(text)
  const bytes = decodeBase64(text, BASE64)
  const inner = utf8Text(bytes)
  return isPem(inner)
    ? fromPem(inner)
    : readAll(bytes).map((element) => parseCertificate(element.raw))
}

function fromPem(text: string): Certificate[] {
  return decodePems(text).map(({ type, bytes }) => {
    if (type !== 'CERTIFICATE')
      throw new BuiltinError(`PEM block type is '${type}', expected CERTIFICATE`)
    return parseCertificate(bytes)
  })
}

const base64 = (bytes: Uint8Array): string => encodeBase64(bytes, BASE64)

/**
 * Reads a certificate (RFC 5280).
 * @throws BuiltinError `x509: malformed certificate`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = new ElementReader(readOnly(der, TAG.sequence).content)
  const body = outer.next(TAG.sequence)
  const algorithm = signatureAlgorithm(outer.next(TAG.sequence))
  const signature = bitsOf(outer.next(TAG.bitString))
  const reader = new ElementReader(body.content)
  const version = reader.optional(contextTag(0, true))
  const serial = integerOf(reader.next(TAG.integer))
  reader.next(TAG.sequence)
  const issuer = reader.next(TAG.sequence)
  const [notBefore, notAfter] = readAll(reader.next(TAG.sequence).content)
  const subject = reader.next(TAG.sequence)
  const keyInfo = reader.next(TAG.sequence)
  reader.optional(contextTag(1, false))
  reader.optional(contextTag(2, false))
  const list = reader.optional(contextTag(3, true))
  const extensions = list === undefined ? [] : readExtensions(readOnly(list.content, TAG.sequence))
  const fields: Record<string, Value> = {
    ...NO_EXTENSIONS,
    URIStrings: null,
    ...extensionFields(extensions),
    ...publicKeyFields(keyInfo),
    Version:
      version === undefined ? 1 : Number(integerOf(readOnly(version.content, TAG.integer))) + 1,
    SerialNumber: fromBigInt(serial),
    Issuer: distinguishedName(issuer),
    Subject: distinguishedName(subject),
    NotBefore: timeOf(notBefore!),
    NotAfter: timeOf(notAfter!),
    Raw: base64(der),
    RawIssuer: base64(issuer.raw),
    RawSubject: base64(subject.raw),
    RawSubjectPublicKeyInfo: base64(keyInfo.raw),
    RawTBSCertificate: base64(body.raw),
    Signature: base64(signature),
    SignatureAlgorithm: algorithm.number,
  }
  const rest = { keyInfo: keyInfo.raw, issuer: issuer.raw, subject: subject.raw }
  return { fields, raw: der, signed: body.raw, signature, algorithm, ...rest }
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const ALTERNATIVE_NAME = '2.5.29.17'

/** Reads a certificate signing request (RFC 2986) from PEM, or from Base64 of PEM or DER. */
export function readCertificateRequest(text: string): Value {
  const begun = text.startsWith('-----BEGIN CERTIFICATE REQUEST-----')
  const bytes = begun ? undefined : decodeBase64(text, BASE64)
  const block = decodePem(bytes === undefined ? text : utf8Text(bytes))
  if (block !== undefined && block.type !== 'CERTIFICATE REQUEST') {
    throw new BuiltinError('invalid PEM-encoded certificate signing request')
  }
  return parseRequest(block?.bytes ?? bytes ?? new Uint8Array())
}

function parseRequest(der: Uint8Array): Value {
  const outer = new ElementReader(readOnly(der, TAG.sequence).content)
  const body = outer.next(TAG.sequence)
  const algorithm = signatureAlgorithm(outer.next(TAG.sequence))
  const signature = bitsOf(outer.next(TAG.bitString))
  const reader = new ElementReader(body.content)
  const version = Number(integerOf(reader.next(TAG.integer)))
  const subject = reader.next(TAG.sequence)
  const keyInfo = reader.next(TAG.sequence)
  const attributes = reader.optional(contextTag(0, true))
  const requested = attributes === undefined ? [] : requestedExtensions(attributes)
  const names = requested.find(({ id }) => id.join('.') === ALTERNATIVE_NAME)
  const { URIStrings: _, ...nameParts } = nameFields(names?.value)
  return {
    ...nameParts,
    ...publicKeyFields(keyInfo),
    Attributes: requested.length === 0 ? null : [attributeValue(requested)],
    Extensions: listOrNull(requested.map(extensionValue)),
    ExtraExtensions: null,
    Raw: base64(der),
    RawSubject: base64(subject.raw),
    RawSubjectPublicKeyInfo: base64(keyInfo.raw),
    RawTBSCertificateRequest: base64(body.raw),
    Signature: base64(signature),
    SignatureAlgorithm: algorithm.number,
    Subject: distinguishedName(subject),
    Version: version,
  }
}

function requestedExtensions(attributes: Element): Extension[] {
  return readAll(attributes.content).flatMap(({ content }) => {
    const reader = new ElementReader(content)
    const type = oidOf(reader.next(TAG.oid)).join('.')
    const values = reader.rest()[0]
    if (type !== EXTENSION_REQUEST || values === undefined) return []
    return readAll(values.content).flatMap(readExtensions)
  })
}

function attributeValue(extensions: readonly Extension[]): Value {
  const value = extensions.map(({ id, value: bytes }) => ({ Type: id, Value: base64(bytes) }))
  return { Type: EXTENSION_REQUEST.split('.').map(Number), Value: [value] }
}
