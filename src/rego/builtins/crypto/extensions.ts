import type { Value } from '../../values/index.ts'
import { BASE64, encodeBase64 } from '../encoding/base64.ts'
import { addressText } from '../net/address.ts'
import {
  contextTag,
  ElementReader,
  integerOf,
  oidOf,
  readAll,
  readOnly,
  TAG,
  textOf,
} from './asn1.ts'
import type { Element } from './asn1.ts'
import { alternativeNames, NO_NAMES, uriFields } from './names.ts'

/** An extension of a certificate (RFC 5280, 4.2). */
export interface Extension {
  readonly id: readonly number[]
  readonly critical: boolean
  readonly value: Uint8Array
}

type Fields = { [key: string]: Value }

/** Go's numbers for extended key usages. */
const EXTENDED_USAGES: Readonly<Record<string, number>> = {
  '2.5.29.37.0': 0,
  '1.3.6.1.5.5.7.3.1': 1,
  '1.3.6.1.5.5.7.3.2': 2,
  '1.3.6.1.5.5.7.3.3': 3,
  '1.3.6.1.5.5.7.3.4': 4,
  '1.3.6.1.5.5.7.3.5': 5,
  '1.3.6.1.5.5.7.3.6': 6,
  '1.3.6.1.5.5.7.3.7': 7,
  '1.3.6.1.5.5.7.3.8': 8,
  '1.3.6.1.5.5.7.3.9': 9,
  '1.3.6.1.4.1.311.10.3.3': 10,
  '2.16.840.1.113730.4.1': 11,
  '1.3.6.1.4.1.311.2.1.22': 12,
  '1.3.6.1.4.1.311.61.1.1': 13,
}

/** The fields of a certificate that has no extensions. */
export const NO_EXTENSIONS: Readonly<Fields> = {
  AuthorityKeyId: null,
  BasicConstraintsValid: false,
  CRLDistributionPoints: null,
  DNSNames: null,
  EmailAddresses: null,
  ExcludedDNSDomains: null,
  ExcludedEmailAddresses: null,
  ExcludedIPRanges: null,
  ExcludedURIDomains: null,
  ExtKeyUsage: null,
  Extensions: null,
  ExtraExtensions: null,
  IPAddresses: null,
  InhibitAnyPolicy: 0,
  InhibitAnyPolicyZero: false,
  InhibitPolicyMapping: 0,
  InhibitPolicyMappingZero: false,
  IsCA: false,
  IssuingCertificateURL: null,
  KeyUsage: 0,
  MaxPathLen: 0,
  MaxPathLenZero: false,
  OCSPServer: null,
  PermittedDNSDomains: null,
  PermittedDNSDomainsCritical: false,
  PermittedEmailAddresses: null,
  PermittedIPRanges: null,
  PermittedURIDomains: null,
  Policies: null,
  PolicyIdentifiers: null,
  PolicyMappings: null,
  RequireExplicitPolicy: 0,
  RequireExplicitPolicyZero: false,
  SubjectKeyId: '',
  URIs: null,
  UnhandledCriticalExtensions: null,
  UnknownExtKeyUsage: null,
}

/** What each known extension adds to the fields. */
const READERS: Readonly<Record<string, (extension: Extension) => Readonly<Fields>>> = {
  '2.5.29.14': ({ value }) => ({
    SubjectKeyId: encodeBase64(readOnly(value, TAG.octetString).content, BASE64),
  }),
  '2.5.29.35': ({ value }) => authorityKey(value),
  '2.5.29.19': ({ value }) => basicConstraints(value),
  '2.5.29.15': ({ value }) => ({ KeyUsage: keyUsage(readOnly(value, TAG.bitString)) }),
  '2.5.29.37': ({ value }) => extendedKeyUsage(value),
  '2.5.29.17': ({ value }) => nameFields(value),
  '2.5.29.30': ({ value, critical }) => ({
    ...nameConstraints(value),
    PermittedDNSDomainsCritical: critical,
  }),
  '2.5.29.31': ({ value }) => ({ CRLDistributionPoints: listOrNull(distributionPoints(value)) }),
  '2.5.29.32': ({ value }) => policies(value),
  '1.3.6.1.5.5.7.1.1': ({ value }) => authorityAccess(value),
}

/** Reads the elements of an extension list. */
export function readExtensions(list: Element): Extension[] {
  return readAll(list.content).map(({ content }) => {
    const reader = new ElementReader(content)
    const id = oidOf(reader.next(TAG.oid))
    const critical = reader.optional(TAG.boolean)?.content[0] === 0xff
    return { id, critical, value: reader.next(TAG.octetString).content }
  })
}

/** The fields of a certificate that come from its extensions. */
export function extensionFields(extensions: readonly Extension[]): Readonly<Fields> {
  const fields: Fields = { ...NO_EXTENSIONS }
  const unhandled: Value[] = []
  for (const extension of extensions) {
    const read = READERS[extension.id.join('.')]
    if (read !== undefined) Object.assign(fields, read(extension))
    else if (extension.critical) unhandled.push(extension.id)
  }
  fields['Extensions'] = listOrNull(extensions.map(extensionValue))
  fields['UnhandledCriticalExtensions'] = listOrNull(unhandled)
  return fields
}

/** An extension as Go's JSON shows it. */
export function extensionValue({ id, critical, value }: Extension): Value {
  return { Id: id, Critical: critical, Value: encodeBase64(value, BASE64) }
}

/** The fields of a subject alternative name extension. */
export function nameFields(value: Uint8Array | undefined): Readonly<Fields> {
  const { uris, ...names } = value === undefined ? NO_NAMES : alternativeNames(value)
  return { ...names, URIs: uris === null ? null : uris.map(uriFields), URIStrings: uris }
}

export function listOrNull(items: readonly Value[]): Value {
  return items.length === 0 ? null : items
}

function authorityKey(value: Uint8Array): Fields {
  const id = new ElementReader(readOnly(value, TAG.sequence).content).optional(contextTag(0, false))
  return { AuthorityKeyId: id === undefined ? null : encodeBase64(id.content, BASE64) }
}

function basicConstraints(value: Uint8Array): Fields {
  const reader = new ElementReader(readOnly(value, TAG.sequence).content)
  const isCa = reader.optional(TAG.boolean)?.content[0] === 0xff
  const length = reader.optional(TAG.integer)
  const pathMax = length === undefined ? -1 : Number(integerOf(length))
  return {
    BasicConstraintsValid: true,
    IsCA: isCa,
    MaxPathLen: pathMax,
    MaxPathLenZero: pathMax === 0,
  }
}

function keyUsage({ content }: Element): number {
  let usage = 0
  for (let bit = 0; bit < 9; bit++) {
    if ((((content[1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1) usage |= 1 << bit
  }
  return usage
}

function extendedKeyUsage(value: Uint8Array): Fields {
  const usages = readAll(readOnly(value, TAG.sequence).content).map(oidOf)
  const known = usages
    .map((usage) => EXTENDED_USAGES[usage.join('.')])
    .filter((usage) => usage !== undefined)
  const unknown = usages.filter((usage) => EXTENDED_USAGES[usage.join('.')] === undefined)
  return { ExtKeyUsage: listOrNull(known), UnknownExtKeyUsage: listOrNull(unknown) }
}

function nameConstraints(value: Uint8Array): Fields {
  const reader = new ElementReader(readOnly(value, TAG.sequence).content)
  const permitted = reader.optional(contextTag(0, true))
  const excluded = reader.optional(contextTag(1, true))
  return { ...subtrees('Permitted', permitted), ...subtrees('Excluded', excluded) }
}

function subtrees(kind: string, list: Element | undefined): Fields {
  const bases =
    list === undefined ? [] : readAll(list.content).map(({ content }) => readAll(content)[0]!)
  const ofKind = (number: number, read: (element: Element) => Value): Value =>
    listOrNull(bases.filter(({ tag }) => tag === contextTag(number, false)).map(read))
  return {
    [`${kind}DNSDomains`]: ofKind(2, textOf),
    [`${kind}EmailAddresses`]: ofKind(1, textOf),
    [`${kind}URIDomains`]: ofKind(6, textOf),
    [`${kind}IPRanges`]: ofKind(7, ipRange),
  }
}

function ipRange({ content }: Element): Value {
  const size = content.length / 2
  const value = content.subarray(0, size).reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
  return {
    IP: addressText({ bits: size === 4 ? 32 : 128, value }),
    Mask: encodeBase64(content.subarray(size), BASE64),
  }
}

function distributionPoints(value: Uint8Array): Value[] {
  return readAll(readOnly(value, TAG.sequence).content).flatMap((point) => {
    const name = new ElementReader(point.content).optional(contextTag(0, true))
    const full =
      name === undefined ? undefined : new ElementReader(name.content).optional(contextTag(0, true))
    const names = full === undefined ? [] : readAll(full.content)
    return names.filter(({ tag }) => tag === contextTag(6, false)).map(textOf)
  })
}

function policies(value: Uint8Array): Fields {
  const ids = readAll(readOnly(value, TAG.sequence).content).map(({ content }) =>
    oidOf(readAll(content)[0]!),
  )
  return { Policies: listOrNull(ids.map((id) => id.join('.'))), PolicyIdentifiers: listOrNull(ids) }
}

function authorityAccess(value: Uint8Array): Fields {
  const entries = readAll(readOnly(value, TAG.sequence).content).map(({ content }) =>
    readAll(content),
  )
  const ofMethod = (method: string): Value =>
    listOrNull(
      entries
        .filter(
          ([id, location]) =>
            oidOf(id!).join('.') === method && location?.tag === contextTag(6, false),
        )
        .map(([, location]) => textOf(location!)),
    )
  return {
    OCSPServer: ofMethod('1.3.6.1.5.5.7.48.1'),
    IssuingCertificateURL: ofMethod('1.3.6.1.5.5.7.48.2'),
  }
}
