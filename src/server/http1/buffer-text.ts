/** Undocumented methods of Buffer in Node and Bun, at half the cost of `toString` and `write`. */
interface TextMethods {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  latin1Write(text: string, offset: number): number
  utf8Write(text: string, offset: number): number
}

const methodsOf = (bytes: Buffer): TextMethods => bytes as unknown as TextMethods

/** Bytes as Latin-1 text, one character per byte. */
export const latin1 = (bytes: Buffer, start: number, end: number): string =>
  methodsOf(bytes).latin1Slice(start, end)

/** Bytes as UTF-8 text; invalid sequences become U+FFFD. */
export const utf8 = (bytes: Buffer, start: number, end: number): string =>
  methodsOf(bytes).utf8Slice(start, end)

/** Writes Latin-1 text. Returns the number of bytes. */
export const writeLatin1 = (bytes: Buffer, text: string, at: number): number =>
  methodsOf(bytes).latin1Write(text, at)

/** Writes text as UTF-8. Returns the number of bytes. */
export const writeUtf8 = (bytes: Buffer, text: string, at: number): number =>
  methodsOf(bytes).utf8Write(text, at)
