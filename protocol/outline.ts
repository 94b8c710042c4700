/**
 * All chunks of a base, numbered through its files: where each lies, how long it is and what it hashes to, whatever
 * the manifest's version. Version 1 has all of it in the manifest; of version 2 the list of each file's chunks is
 * held against the root that the manifest has, so an outline is as certain as the base's id.
 *
 * Kept in typed arrays: a base of 128 GiB has 131,000 chunks. Leaves to node/base where to cut (nobody else needs to
 * know), to node/store where the bytes lie and to node/swarm how lists travel. Rejected: an object per chunk (20 times
 * the memory) and believing lists that are only internally consistent.
 */
import { invalid } from './canonical.ts'
import { OppuError } from './errors.ts'
import { type BaseId, type ChunkHash, idFromBytes, idToBytes } from './ids.ts'
import { MANIFEST_LIMITS as LIMITS } from './limits.ts'
import {
  type BaseManifest,
  baseBytes,
  baseId,
  chunkHash,
  type FileOfRoot,
  type ManifestV1,
  type ManifestV2,
} from './manifest.ts'
import { leafHash, Tree, verifyRange } from './tree.ts'

/** The chunks of one file, or some that follow each other, in order. */
export interface ChunkList {
  readonly lengths: Uint32Array
  /** 32 bytes each. */
  readonly hashes: Uint8Array
}

/** A part of one file's list with what proves it. */
export interface OutlinePart extends ChunkList {
  /** Of the first chunk in the file, in bytes. */
  readonly offset: number
  /** Nodes of the tree that lead to its root, 32 bytes each. */
  readonly proof: Uint8Array
}

export interface OutlineChunk {
  /** Index in the manifest's files. */
  readonly file: number
  /** In the file, in bytes. */
  readonly offset: number
  readonly length: number
  readonly hash: ChunkHash
}

const HASH = 32
const ENTRY = 4 + HASH

export class Outline {
  readonly id: BaseId
  readonly manifest: BaseManifest
  /** Chunks of all files. */
  readonly count: number
  /** Bytes of all files. */
  readonly bytes: number
  /** Number of each file's first chunk, and behind them `count`. */
  readonly #firsts: Uint32Array
  readonly #lengths: Uint32Array
  readonly #offsets: Float64Array
  readonly #hashes: Uint8Array
  /** Made when a part of a file is first asked for. */
  readonly #trees = new Map<number, Tree>()

  private constructor(manifest: BaseManifest, lists: readonly ChunkList[]) {
    this.id = baseId(manifest)
    this.manifest = manifest
    this.bytes = baseBytes(manifest)
    this.count = lists.reduce((sum, { lengths }) => sum + lengths.length, 0)
    this.#firsts = new Uint32Array(lists.length + 1)
    this.#lengths = new Uint32Array(this.count)
    this.#offsets = new Float64Array(this.count)
    this.#hashes = new Uint8Array(this.count * HASH)
    let next = 0
    for (const [file, { lengths, hashes }] of lists.entries()) {
      this.#firsts[file] = next
      this.#hashes.set(hashes, next * HASH)
      let offset = 0
      for (const length of lengths) {
        this.#lengths[next] = length
        this.#offsets[next++] = offset
        offset += length
      }
    }
    this.#firsts[lists.length] = next
  }

  /** @throws OppuError INVALID_DATA when `manifest` breaks a rule. */
  static ofVersion1(manifest: ManifestV1): Outline {
    const lists = manifest.files.map(({ size, chunks }) => ({
      lengths: Uint32Array.from(chunks, (_, i) =>
        Math.min(manifest.chunkSize, size - i * manifest.chunkSize),
      ),
      hashes: Uint8Array.from(Buffer.from(chunks.join(''), 'hex')),
    }))
    return new Outline(manifest, lists)
  }

  /**
   * The outline of a version-2 manifest from the lists of its files, each held against its root.
   * @throws OppuError INVALID_DATA when a list breaks a rule, HASH_MISMATCH when it is not the manifest's.
   */
  static of(manifest: ManifestV2, lists: readonly ChunkList[]): Outline {
    if (lists.length !== manifest.files.length)
      invalid('an outline has another number of files than its manifest')
    for (const [index, list] of lists.entries()) {
      const file = manifest.files[index]!
      if (list.lengths.length !== file.chunkCount)
        invalid(`an outline has another number of chunks of ${file.path}`)
      if (file.chunkCount > 0) verifyPart(file, 0, { ...list, offset: 0, proof: new Uint8Array() })
    }
    return new Outline(manifest, lists)
  }

  /** @throws TypeError when there is no such chunk. */
  chunk(index: number): OutlineChunk {
    this.#demand(index)
    return {
      file: this.fileOf(index),
      offset: this.#offsets[index]!,
      length: this.#lengths[index]!,
      hash: this.hash(index),
    }
  }

  length(index: number): number {
    this.#demand(index)
    return this.#lengths[index]!
  }

  hash(index: number): ChunkHash {
    this.#demand(index)
    return idFromBytes<ChunkHash>(this.#hashes.subarray(index * HASH, (index + 1) * HASH))
  }

  /** Whether that is the content of chunk `index`. */
  matches(index: number, bytes: Uint8Array): boolean {
    return bytes.length === this.length(index) && chunkHash(bytes) === this.hash(index)
  }

  /** Number of the file's first chunk; of an empty file, of the next file's. For one file past the last: `count`. */
  firstOf(file: number): number {
    const first = this.#firsts[file]
    if (first === undefined) throw new TypeError(`the base has no file ${file}`)
    return first
  }

  /** Index of the file in which chunk `index` lies. */
  fileOf(index: number): number {
    this.#demand(index)
    let [low, high] = [0, this.#firsts.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#firsts[middle]! <= index) low = middle
      else high = middle
    }
    return low
  }

  /** Chunks of one file. */
  list(file: number): ChunkList {
    const [from, to] = [this.firstOf(file), this.firstOf(file + 1)]
    return {
      lengths: this.#lengths.subarray(from, to),
      hashes: this.#hashes.subarray(from * HASH, to * HASH),
    }
  }

  /**
   * Chunks `first` to `first + count - 1` of one file, with their proof. Of a version-1 base the root is made here,
   * and no manifest has it. @throws TypeError when the file has no such range.
   */
  part(file: number, first: number, count: number): OutlinePart {
    const list = this.list(file)
    if (list.lengths.length === 0) throw new TypeError(`file ${file} of the base is empty`)
    let tree = this.#trees.get(file)
    if (tree === undefined) {
      tree = new Tree(leavesOf(0, list))
      this.#trees.set(file, tree)
    }
    const proof = tree.rangeProof(first, count)
    const offset = this.#offsets[this.firstOf(file) + first]!
    return { ...slice(list, first, count), offset, proof }
  }

  #demand(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.count)
      throw new TypeError(`the base has no chunk ${index}`)
  }
}

/**
 * Holds a part of a file's list that came from elsewhere against the file's root.
 * @throws OppuError INVALID_DATA when it breaks a rule, HASH_MISMATCH when it is no part of that file.
 */
export function verifyPart(
  { path, size, root, chunkCount }: FileOfRoot,
  first: number,
  part: OutlinePart,
): void {
  const { lengths, hashes, offset, proof } = part
  const end = first + lengths.length
  if (lengths.length === 0 || end > chunkCount)
    invalid(`a part of ${path} has chunks that the file does not have`)
  if (hashes.length !== lengths.length * HASH) invalid(`a part of ${path} has not one hash for each chunk`)
  let covered = offset
  for (const [i, length] of lengths.entries()) {
    const least = first + i === chunkCount - 1 ? 1 : LIMITS.minimumChunk
    if (length < least || length > LIMITS.maximumChunk) invalid(`${path} has a chunk of ${length} bytes`)
    covered += length
  }
  if ((first === 0 && offset !== 0) || covered > size || (end === chunkCount && covered !== size))
    invalid(`the chunks of ${path} do not cover the file`)
  if (root === undefined || !verifyRange(idToBytes(root), chunkCount, first, leavesOf(offset, part), proof))
    throw new OppuError('HASH_MISMATCH', `a list of chunks is not that of ${path}`)
}

/** The root over all chunks of a file, for whoever makes a manifest; `undefined` for an empty file. */
export function rootOf(list: ChunkList): Uint8Array | undefined {
  return list.lengths.length === 0 ? undefined : new Tree(leavesOf(0, list)).root
}

/** As kept beside a version-2 manifest: for every chunk its length (4 bytes, big-endian) and its hash, in order. */
export function encodeOutline(outline: Outline): Uint8Array {
  const bytes = Buffer.alloc(outline.count * ENTRY)
  let at = 0
  for (const file of outline.manifest.files.keys()) {
    const { lengths, hashes } = outline.list(file)
    for (const [i, length] of lengths.entries()) {
      bytes.writeUInt32BE(length, at)
      bytes.set(hashes.subarray(i * HASH, (i + 1) * HASH), at + 4)
      at += ENTRY
    }
  }
  return bytes
}

/** @throws as `Outline.of`. */
export function decodeOutline(manifest: ManifestV2, bytes: Uint8Array): Outline {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = manifest.files.reduce((sum, file) => sum + file.chunkCount, 0)
  if (bytes.length !== count * ENTRY) invalid('an outline has another number of chunks than its manifest')
  let at = 0
  const lists = manifest.files.map(({ chunkCount }) => {
    const list = { lengths: new Uint32Array(chunkCount), hashes: new Uint8Array(chunkCount * HASH) }
    for (let i = 0; i < chunkCount; i++, at += ENTRY) {
      list.lengths[i] = view.getUint32(at)
      list.hashes.set(bytes.subarray(at + 4, at + ENTRY), i * HASH)
    }
    return list
  })
  return Outline.of(manifest, lists)
}

function leavesOf(offset: number, { lengths, hashes }: ChunkList): Uint8Array {
  const leaves = new Uint8Array(hashes.length)
  let at = offset
  for (const [i, length] of lengths.entries()) {
    leaves.set(leafHash(at, length, hashes.subarray(i * HASH, (i + 1) * HASH)), i * HASH)
    at += length
  }
  return leaves
}

function slice({ lengths, hashes }: ChunkList, first: number, count: number): ChunkList {
  return {
    lengths: lengths.subarray(first, first + count),
    hashes: hashes.subarray(first * HASH, (first + count) * HASH),
  }
}
