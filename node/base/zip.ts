/**
 * Reads single entries out of a ZIP archive (a wheel): stored and deflated ones, checked against size and CRC.
 *
 * Only what is asked for is read, as a stream, so that a large or hostile archive costs no memory. Rejected: the
 * archive packages among our dependencies' dependencies, which load a whole archive into memory.
 * Format: PKWARE APPNOTE 6.3.9, sections 4.3.7 to 4.3.16; ZIP64 where sizes need it; no encryption, no spanning.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import { OppuError } from '../../protocol/errors.ts'

export interface ZipEntry {
  readonly name: string
  /** 0 stored, 8 deflated. */
  readonly method: number
  readonly compressedSize: number
  readonly size: number
  readonly crc: number
  /** Of its local header. */
  readonly offset: number
}

type Handle = Awaited<ReturnType<typeof open>>

/** End record and the longest comment it may carry. */
const TAIL = 22 + 65_535
/** A directory beyond this is no wheel's. */
const MAX_DIRECTORY = 64 << 20
const NEEDS_ZIP64 = 0xffffffff

/** The archive's directory. @throws OppuError INVALID_DATA, TRUNCATED_FILE */
export async function readArchive(path: string): Promise<ZipEntry[]> {
  await using handle = await open(path)
  const { size } = await handle.stat()
  const tail = await bytesAt(handle, Math.max(0, size - TAIL), Math.min(TAIL, size))
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06'))
  if (end === -1 || end + 22 > tail.length)
    throw new OppuError('TRUNCATED_FILE', `${path} has no archive directory; it may be cut off`)
  let directorySize = tail.readUInt32LE(end + 12)
  let directoryAt = tail.readUInt32LE(end + 16)
  if (directorySize === NEEDS_ZIP64 || directoryAt === NEEDS_ZIP64) {
    const locator = tail.lastIndexOf(Buffer.from('PK\x06\x07'), end)
    if (locator === -1) throw invalid('it lacks its ZIP64 locator')
    const record = await bytesAt(handle, whole(tail.readBigUInt64LE(locator + 8)), 56)
    directorySize = whole(record.readBigUInt64LE(40))
    directoryAt = whole(record.readBigUInt64LE(48))
  }
  if (directorySize > MAX_DIRECTORY || directoryAt + directorySize > size)
    throw invalid('its directory lies outside of it')
  return parseDirectory(await bytesAt(handle, directoryAt, directorySize))
}

function parseDirectory(bytes: Buffer): ZipEntry[] {
  const entries: ZipEntry[] = []
  for (let at = 0; at + 46 <= bytes.length; ) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw invalid('its directory is damaged')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset =>
      bytes.readUInt16LE(at + offset),
    ) as [number, number, number]
    const next = at + 46 + nameLength + extraLength + commentLength
    if (next > bytes.length) throw invalid('its directory is damaged')
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
    const fields = [24, 20, 42].map(offset => bytes.readUInt32LE(at + offset)) as [number, number, number]
    const [size, compressedSize, offset] = zip64Fields(fields, extra)
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      compressedSize,
      size,
      offset,
    })
    at = next
  }
  return entries
}

/** Fields that say "see ZIP64" are taken from the extra field, in their order. */
function zip64Fields(fields: [number, number, number], extra: Buffer): [number, number, number] {
  let at = 0
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== 1) at += 4 + extra.readUInt16LE(at + 2)
  at += 4
  return fields.map(field => {
    if (field !== NEEDS_ZIP64) return field
    if (at + 8 > extra.length) throw invalid('an entry lacks its ZIP64 sizes')
    at += 8
    return whole(extra.readBigUInt64LE(at - 8))
  }) as [number, number, number]
}

/**
 * Writes one entry to the file `to` (with `append`, to its end), and to disk.
 * @throws OppuError INVALID_DATA where it is damaged or packed in a way we do not read; the signal's reason.
 */
export async function extractEntry(
  path: string,
  entry: ZipEntry,
  to: string,
  options: {
    readonly append?: boolean
    readonly signal?: AbortSignal
    readonly onBytes?: (bytes: number) => void
  } = {},
): Promise<void> {
  if (entry.method !== 0 && entry.method !== 8)
    throw invalid(`${entry.name} is packed by method ${entry.method}`)
  const start = await dataStart(path, entry)
  let bytes = 0
  let crc = 0
  const check = async function* (source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      bytes += piece.length
      if (bytes > entry.size) throw invalid(`${entry.name} is larger than its ${entry.size} bytes`)
      crc = crc32(piece, crc)
      options.onBytes?.(bytes)
      yield piece
    }
  }
  const end = start + entry.compressedSize - 1
  const input =
    end < start ? Readable.from([]) : createReadStream(path, { start, end, highWaterMark: 1 << 20 })
  const output = createWriteStream(to, { flags: options.append ? 'a' : 'w', mode: 0o600, flush: true })
  const settings = options.signal === undefined ? {} : { signal: options.signal }
  try {
    if (entry.method === 8) await pipeline(input, createInflateRaw(), check, output, settings)
    else await pipeline(input, check, output, settings)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw invalid(`${entry.name} cannot be unpacked`, error)
    throw error
  }
  if (bytes !== entry.size || crc !== entry.crc) throw invalid(`${entry.name} does not match its checksum`)
}

async function dataStart(path: string, entry: ZipEntry): Promise<number> {
  await using handle = await open(path)
  const local = await bytesAt(handle, entry.offset, 30)
  if (local.readUInt32LE(0) !== 0x04034b50) throw invalid(`${entry.name} is not where the directory says`)
  if ((local.readUInt16LE(6) & 1) === 1) throw invalid(`${entry.name} is encrypted`)
  return entry.offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
}

async function bytesAt(handle: Handle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, position)
  if (bytesRead < length) throw new OppuError('TRUNCATED_FILE', 'the archive ends too early')
  return bytes
}

function whole(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('it has an impossible size')
  return Number(value)
}

function invalid(detail: string, cause?: unknown): OppuError {
  return new OppuError('INVALID_DATA', `bad archive: ${detail}`, { cause })
}
