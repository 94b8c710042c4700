/**
 * The header of a GGUF as it stands in the file: keys with their values, and the list of tensors.
 *
 * Everything that is counted is checked against the bytes that are there before it is read, so that no number in a
 * file from a stranger makes us allocate. Rejected: @huggingface/gguf, which reads zeros past the end of a file and
 * loses a byte order mark at the beginning of a text, and with it tokens of Gemma's vocabulary.
 * What keys and tensors mean is `gguf.ts`'s. Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
 */
import { open } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'

export interface GgufHeader {
  readonly values: ReadonlyMap<string, unknown>
  readonly tensors: readonly {
    readonly name: string
    /** ggml's order: the length of a row first. */
    readonly dims: readonly number[]
    readonly type: number
    /** From the start of the data. */
    readonly offset: bigint
  }[]
  /** Bytes of the header, before the data's alignment. */
  readonly length: number
}

/** Bytes read at first; with a small vocabulary that is all of a header. */
const FIRST = 1 << 20
/** A header beyond this is no real file's. */
const MAX_HEADER = 256 << 20
const MAX_DEPTH = 4

/** Reads the header of the file at `path`, whose front (24 bytes) was checked, of `size` bytes. @throws OppuError TRUNCATED_FILE, INVALID_DATA */
export async function readHeader(path: string, size: number): Promise<GgufHeader> {
  await using handle = await open(path)
  const limit = Math.min(size, MAX_HEADER)
  for (let length = Math.min(FIRST, limit); ; length = Math.min(length * 4, limit)) {
    const bytes = Buffer.alloc(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, done)
      if (bytesRead === 0) throw truncated(path)
      done += bytesRead
    }
    try {
      return parseHeader(new Cursor(bytes))
    } catch (error) {
      if (error instanceof OppuError)
        throw new OppuError(error.code, `${path} is no GGUF that can be read: ${error.message}`)
      if (!(error instanceof RangeError)) throw error
      if (length === size) throw truncated(path, error)
      if (length === limit)
        throw new OppuError('INVALID_DATA', `${path} is no GGUF that can be read: its header is too large`)
    }
  }
}

function parseHeader(cursor: Cursor): GgufHeader {
  cursor.skip(8) // magic and version
  const [tensorCount, keyCount] = [cursor.count(1), cursor.count(1)]
  const values = new Map<string, unknown>()
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.text()
    if (values.has(key)) throw invalid(`the key ${JSON.stringify(key.slice(0, 80))} is there twice`)
    values.set(key, cursor.value(cursor.uint32(), 0))
  }
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = cursor.text()
    const rank = cursor.uint32()
    if (rank > 16) throw invalid(`tensor ${JSON.stringify(name.slice(0, 80))} has ${rank} dimensions`)
    const dims = Array.from({ length: rank }, () => Number(cursor.uint64()))
    return { name, dims, type: cursor.uint32(), offset: cursor.uint64() }
  })
  return { values, tensors, length: cursor.at }
}

/** By ggml's number of a value's type: its bytes, and how it is read. */
const SCALARS: Readonly<Record<number, readonly [number, (bytes: Buffer, at: number) => unknown]>> = {
  0: [1, (bytes, at) => bytes.readUInt8(at)],
  1: [1, (bytes, at) => bytes.readInt8(at)],
  2: [2, (bytes, at) => bytes.readUInt16LE(at)],
  3: [2, (bytes, at) => bytes.readInt16LE(at)],
  4: [4, (bytes, at) => bytes.readUInt32LE(at)],
  5: [4, (bytes, at) => bytes.readInt32LE(at)],
  6: [4, (bytes, at) => bytes.readFloatLE(at)],
  7: [1, (bytes, at) => bytes.readUInt8(at) !== 0],
  10: [8, (bytes, at) => bytes.readBigUInt64LE(at)],
  11: [8, (bytes, at) => bytes.readBigInt64LE(at)],
  12: [8, (bytes, at) => bytes.readDoubleLE(at)],
}
const TEXT = 8
const LIST = 9

/** Reads forward. @throws RangeError where the bytes end first. */
class Cursor {
  readonly #bytes: Buffer
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(bytes: number): number {
    const from = this.at
    if (from + bytes > this.#bytes.length) throw new RangeError('the header goes on')
    this.at += bytes
    return from
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.skip(4))
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.skip(8))
  }

  /** How many things of at least `bytes` each follow. */
  count(bytes: number): number {
    const count = this.uint64()
    if (count > BigInt(MAX_HEADER)) throw invalid(`it claims ${count} of something`)
    if (this.at + Number(count) * bytes > this.#bytes.length) throw new RangeError('the header goes on')
    return Number(count)
  }

  text(): string {
    const length = this.count(1)
    const from = this.skip(length)
    return this.#decoder.decode(this.#bytes.subarray(from, from + length))
  }

  value(type: number, depth: number): unknown {
    if (type === TEXT) return this.text()
    if (type === LIST) {
      if (depth === MAX_DEPTH) throw invalid('its lists are too deep')
      const inner = this.uint32()
      const smallest = SCALARS[inner]?.[0] ?? (inner === TEXT || inner === LIST ? 8 : 0)
      if (smallest === 0) throw invalid(`a value has the type ${inner}`)
      return Array.from({ length: this.count(smallest) }, () => this.value(inner, depth + 1))
    }
    const scalar = SCALARS[type]
    if (scalar === undefined) throw invalid(`a value has the type ${type}`)
    return scalar[1](this.#bytes, this.skip(scalar[0]))
  }
}

function invalid(detail: string): OppuError {
  return new OppuError('INVALID_DATA', detail)
}

function truncated(path: string, cause?: unknown): OppuError {
  return new OppuError('TRUNCATED_FILE', `${path} ends before its GGUF header does`, { cause })
}
