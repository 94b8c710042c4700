/**
 * Splits an mbox file into messages (RFC 4155 and its common dialects), without parsing them.
 *
 * A line that begins with "From " starts a message when it is the first line or follows a blank one and ends in a
 * year, as mail programs write it. Without that last rule a paragraph starting with "From " would tear a message
 * apart where a program did not quote it. One ">" is taken off quoted ">From " lines (mboxrd; right for mboxo, too,
 * except for text that really began so).
 */
import { readLines } from './lines.ts'

export interface RawMessage {
  /** Line of the file where the message begins, from 1. */
  readonly line: number
  /** `undefined` where the message is longer than the limit. */
  readonly bytes: Uint8Array | undefined
  /** The date in its "From " line, in milliseconds since 1970, where it can be read. */
  readonly delivered: number | undefined
}

/** Bytes of one message, attachments and all. */
export const MAX_MESSAGE_BYTES = 64 << 20

const FROM = Buffer.from('From ')
const QUOTED_FROM = /^>+From /
const FROM_LINE = /^From (?:\S+|"[^"]*"\S*|-) *(.*\b\d{4}(?: [+-]\d{4})?)\s*$/

export async function* splitMbox(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<RawMessage> {
  let started: { readonly line: number; readonly delivered: number | undefined } | undefined
  let parts: Uint8Array[] = []
  let joined: Uint8Array[] = []
  let size = 0
  let afterBlank = true
  const finish = (): RawMessage | undefined => {
    const message = started && {
      ...started,
      bytes: size <= MAX_MESSAGE_BYTES ? Buffer.concat([...joined, ...parts]) : undefined,
    }
    parts = []
    joined = []
    size = 0
    return message
  }
  for await (const { number, bytes } of readLines(source, MAX_MESSAGE_BYTES)) {
    const from =
      afterBlank && bytes && startsWith(bytes, FROM)
        ? FROM_LINE.exec(Buffer.from(bytes).toString('latin1'))
        : null
    afterBlank = bytes?.length === 0
    if (from) {
      const message = finish()
      if (message) yield message
      const delivered = Date.parse(from[1] ?? '')
      started = { line: number, delivered: Number.isNaN(delivered) ? undefined : delivered }
      continue
    }
    if (!started) {
      if (bytes?.length === 0) continue
      started = { line: number, delivered: undefined }
    }
    size += bytes === undefined ? MAX_MESSAGE_BYTES + 1 : bytes.length + 1
    if (size > MAX_MESSAGE_BYTES || bytes === undefined) {
      parts = []
      joined = []
    } else parts.push(unquoted(bytes), NEWLINE)
    if (parts.length < JOINED_PARTS) continue
    joined.push(Buffer.concat(parts))
    parts = []
  }
  const message = finish()
  if (message) yield message
}

const NEWLINE = Uint8Array.of(0x0a)
/** Lines are joined in such numbers: millions of empty ones would take a hundred times their size. */
const JOINED_PARTS = 8192

function unquoted(line: Uint8Array): Uint8Array {
  if (line[0] !== 0x3e) return line
  return QUOTED_FROM.test(Buffer.from(line.subarray(0, 64)).toString('latin1')) ? line.subarray(1) : line
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte)
}
