/**
 * Lines of a file as bytes, numbered from 1, whatever their length: the part of an over-long line beyond the limit
 * is read past, never held. LF and CRLF end a line; a UTF-8 mark at the start is dropped. Decoding is left to the
 * caller, who knows what to say about bad bytes. Rejected: node:readline, which decodes bad UTF-8 silently and
 * holds lines of any length.
 */
import { OppuError } from '../../../protocol/errors.ts'

export interface Line {
  readonly number: number
  /** Without its end. `undefined` where it is longer than the limit. */
  readonly bytes: Uint8Array | undefined
}

const LF = 0x0a
const CR = 0x0d

/** @throws OppuError INVALID_DATA for a compressed or UTF-16 file, which has no lines we could name. */
export async function* readLines(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Line> {
  let number = 0
  let held: Uint8Array[] = []
  let length = 0
  const finish = (): Line => {
    number++
    let bytes: Uint8Array | undefined
    if (length <= limit) {
      bytes = held.length === 1 ? held[0]! : Buffer.concat(held)
      if (bytes.at(-1) === CR) bytes = bytes.subarray(0, -1)
    }
    held = []
    length = 0
    return { number, bytes }
  }
  for await (let piece of withoutMark(source)) {
    for (let end = piece.indexOf(LF); end !== -1; end = piece.indexOf(LF)) {
      length += end
      if (length <= limit) held.push(piece.subarray(0, end))
      yield finish()
      piece = piece.subarray(end + 1)
    }
    length += piece.length
    if (length <= limit && piece.length > 0) held.push(Uint8Array.from(piece))
    else if (length > limit) held = []
  }
  if (length > 0) yield finish()
}

async function* withoutMark(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0)
  for await (const piece of source) {
    if (!head) yield piece
    else {
      head = Buffer.concat([head, piece])
      if (head.length < 3) continue
      yield checkHead(head)
      head = undefined
    }
  }
  if (head) yield checkHead(head)
}

/** Looks at a file's first bytes (3 or more, where it has them) and drops a UTF-8 mark. */
function checkHead(head: Uint8Array): Uint8Array {
  const [a, b, c] = head
  if (a === 0xef && b === 0xbb && c === 0xbf) return head.subarray(3)
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new OppuError('INVALID_DATA', 'the file is UTF-16; save it as UTF-8')
  if (a === 0x1f && b === 0x8b)
    throw new OppuError('INVALID_DATA', 'the file is compressed (gzip); unpack it first')
  return head
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `undefined` where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}
