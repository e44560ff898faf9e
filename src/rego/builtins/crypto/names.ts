import type { Value } from '../../values/index.ts'
import { addressText } from '../net/address.ts'
import { contextTag, readAll, readOnly, TAG, oidOf, textOf } from './asn1.ts'
import type { Element } from './asn1.ts'

const LISTS: Readonly<Record<string, string>> = {
  '2.5.4.6': 'Country',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.7': 'Locality',
  '2.5.4.8': 'Province',
  '2.5.4.9': 'StreetAddress',
  '2.5.4.17': 'PostalCode',
}
const SINGLES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CommonName',
  '2.5.4.5': 'SerialNumber',
}

/** A distinguished name (RFC 5280, 4.1.2.4) with the fields that Go gives it. */
export function distinguishedName({ content }: Element): Value {
  const name: { [key: string]: Value } = {
    CommonName: '',
    SerialNumber: '',
    ExtraNames: null,
    Names: null,
  }
  for (const field of Object.values(LISTS)) name[field] = null
  for (const set of readAll(content)) {
    for (const attribute of readAll(set.content)) {
      const [type, value] = readAll(attribute.content)
      if (type !== undefined && value !== undefined) addAttribute(name, oidOf(type), textOf(value))
    }
  }
  return name
}

function addAttribute(
  name: { [key: string]: Value },
  type: readonly number[],
  value: string,
): void {
  const append = (field: string, item: Value): void => {
    name[field] = [...((name[field] ?? []) as readonly Value[]), item]
  }
  append('Names', { Type: type, Value: value })
  const key = type.join('.')
  if (LISTS[key] !== undefined) append(LISTS[key], value)
  if (SINGLES[key] !== undefined) name[SINGLES[key]] = value
}

/** The names of a subject alternative name extension, by kind; `null` where there is none. */
export interface AlternativeNames {
  readonly DNSNames: readonly string[] | null
  readonly EmailAddresses: readonly string[] | null
  readonly IPAddresses: readonly string[] | null
  readonly uris: readonly string[] | null
}

export const NO_NAMES: AlternativeNames = {
  DNSNames: null,
  EmailAddresses: null,
  IPAddresses: null,
  uris: null,
}

/** Reads the value of a subject alternative name extension (RFC 5280, 4.2.1.6). */
export function alternativeNames(value: Uint8Array): AlternativeNames {
  const names = readAll(readOnly(value, TAG.sequence).content)
  const ofKind = (number: number, read: (element: Element) => string): readonly string[] | null => {
    const found = names.filter(({ tag }) => tag === contextTag(number, false)).map(read)
    return found.length === 0 ? null : found
  }
  return {
    DNSNames: ofKind(2, textOf),
    EmailAddresses: ofKind(1, textOf),
    IPAddresses: ofKind(7, ipText),
    uris: ofKind(6, textOf),
  }
}

function ipText({ content }: Element): string {
  const value = content.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
  return addressText({ bits: content.length === 4 ? 32 : 128, value })
}

/** A URI in the JSON form that Go gives a parsed one. */
export function uriFields(text: string): Value {
  const match =
    /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text)
  const [scheme = '', host = '', path = '', query = '', fragment = ''] = match?.slice(1) ?? []
  return {
    ForceQuery: false,
    Fragment: fragment,
    Host: host,
    OmitHost: false,
    Opaque: '',
    Path: path,
    RawFragment: '',
    RawPath: '',
    RawQuery: query,
    Scheme: scheme,
    User: null,
  }
}
