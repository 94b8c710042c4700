/**
 * Where a base's files are cut into chunks: at places that the bytes themselves choose, so that what was inserted,
 * removed or changed somewhere moves the cuts only nearby, and the next version of a base shares the other chunks.
 *
 * FastCDC (Xia et al., USENIX ATC 2016): a gear hash rolls over the bytes, a cut is where its top bits are all zero;
 * nothing is looked at before the least length, and up to the mean more bits must be zero than behind it (normalised
 * chunking, level 2), which keeps the lengths near the mean. Here the hash has 32 bits, JavaScript's fast integers, so
 * it sees the last 32 bytes; the gear table comes from SHA-256 of a label. Nobody else needs to know the rule, only
 * the list of chunks that comes out. Rejected: fixed lengths (an insertion changes every chunk behind it) and cuts at
 * tensors only (a changed embedding would be one chunk of hundreds of MiB, and GGUF and tokenizers have none).
 */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { sha256 } from '../../protocol/canonical.ts'
import { OppuError } from '../../protocol/errors.ts'
import { KIB, MANIFEST_LIMITS, MIB } from '../../protocol/limits.ts'
import type { ChunkList } from '../../protocol/outline.ts'

/** Bytes; the mean is a power of two, and the least is under it. */
export interface ChunkLengths {
  readonly least: number
  readonly mean: number
  readonly most: number
}

export const CHUNK_LENGTHS: ChunkLengths = { least: 64 * KIB, mean: 256 * KIB, most: 1 * MIB }

/** How many more bits before the mean, and fewer behind it. */
const NORMALISATION = 2

const GEAR = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash('sha256').update(`oppu chunking ${byte}`).digest().readInt32BE(),
)

/**
 * The length of the first chunk of `bytes` from `start` on. `bytes` must reach `lengths.most` further, or to the end
 * of the file.
 */
export function chunkLength(bytes: Uint8Array, start: number, lengths = CHUNK_LENGTHS): number {
  const end = Math.min(bytes.length, start + lengths.most)
  const middle = Math.min(end, start + lengths.mean)
  const bits = 31 - Math.clz32(lengths.mean)
  const strict = -1 << (32 - bits - NORMALISATION)
  const loose = -1 << (32 - bits + NORMALISATION)
  let at = Math.min(end, start + lengths.least)
  let hash = 0
  for (; at < middle; at++) {
    hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0
    if ((hash & strict) === 0) return at + 1 - start
  }
  for (; at < end; at++) {
    hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0
    if ((hash & loose) === 0) return at + 1 - start
  }
  return end - start
}

/**
 * The chunks of a file, read once from its beginning, in constant memory.
 * @throws OppuError TRUNCATED_FILE when it became shorter; the signal's reason.
 */
export async function listChunks(
  handle: FileHandle,
  name: string,
  options: { readonly lengths?: ChunkLengths; readonly signal?: AbortSignal | undefined } = {},
): Promise<ChunkList> {
  const { lengths = CHUNK_LENGTHS, signal } = options
  if (lengths.least < MANIFEST_LIMITS.minimumChunk || lengths.most > MANIFEST_LIMITS.maximumChunk)
    throw new TypeError('chunks of these lengths are not allowed')
  const { size } = await handle.stat()
  const buffer = new Uint8Array(Math.min(size, 4 * lengths.most))
  const found: number[] = []
  const hashes: Uint8Array[] = []
  let [filled, start, read] = [0, 0, 0]
  while (start < filled || read < size) {
    signal?.throwIfAborted()
    if (filled - start < lengths.most && read < size) {
      buffer.copyWithin(0, start, filled)
      filled -= start
      start = 0
      while (filled < buffer.length && read < size) {
        const want = Math.min(buffer.length - filled, size - read)
        const { bytesRead } = await handle.read(buffer, filled, want, read)
        if (bytesRead === 0) throw new OppuError('TRUNCATED_FILE', `${name} became shorter while it was read`)
        filled += bytesRead
        read += bytesRead
      }
    }
    const length = chunkLength(buffer.subarray(0, filled), start, lengths)
    hashes.push(sha256(buffer.subarray(start, start + length)))
    found.push(length)
    start += length
  }
  return { lengths: Uint32Array.from(found), hashes: new Uint8Array(Buffer.concat(hashes)) }
}
