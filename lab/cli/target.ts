import { UsageError } from './exit-codes.ts'

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|[\w-]+\.localhost)$/i

/**
 * Reads the address of a server to measure. Load aimed at somebody else's machine is an attack, so
 * anything but a loopback address is refused unless it is explicitly allowed.
 *
 * @throws UsageError
 */
export function readTarget(text: string, allowRemote: boolean): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`not an http or https URL: ${text}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('a URL may not contain a password', 'Send it with --header.')
  }
  if (!allowRemote && !LOOPBACK.test(url.hostname)) {
    throw new UsageError(
      `${url.hostname} is not this machine`,
      'Only loopback addresses are measured; use --allow-remote if the server is yours.',
    )
  }
  return url.href
}

/** Reads `Name: value`; names are lowercased. */
export function readHeader(line: string): readonly [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*)$/.exec(line)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new UsageError(`not a header: ${JSON.stringify(line)}`, 'Write --header "Name: value".')
  }
  return [match[1].toLowerCase(), match[2].trimEnd()]
}
