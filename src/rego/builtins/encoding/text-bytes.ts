const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })

/** The UTF-8 bytes of a string. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text)
}

/** The string of UTF-8 bytes; invalid UTF-8 becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  return DECODER.decode(bytes)
}

/** Lower-case hexadecimal digits. */
export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
