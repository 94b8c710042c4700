/**
 * Bases for the swarm's bench: seeded bytes that no compression helps, on disk as an import would have left them, cut and
 * described by the importer's own parts; and the same in memory, for measuring a link without a disk.
 */
import { createCipheriv } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listChunks } from '../../node/base/chunking.ts'
import type { Bases } from '../../node/store/bases.ts'
import { type ChunkSink, type ChunkSource, FILES_FOLDER, MANIFEST_FILE } from '../../node/store/chunks.ts'
import { writeOutline } from '../../node/store/outlines.ts'
import { type BaseId, idFromBytes, type TreeRoot } from '../../protocol/ids.ts'
import { MIB } from '../../protocol/limits.ts'
import { encodeManifest, type ManifestV2 } from '../../protocol/manifest.ts'
import { Outline, rootOf } from '../../protocol/outline.ts'

/** Bytes of a file: of each seed in turn so many. */
export type Content = readonly { readonly seed: number; readonly from: number; readonly bytes: number }[]

export const WEIGHTS_FILE = 'model.safetensors'
const PIECE = 4 * MIB

/** Writes a base of one large file into `<bases>/<id>`, as the importer does. */
export async function makeBase(bases: string, name: string, content: Content): Promise<Outline> {
  const staging = join(bases, `.making-${name}`)
  const path = join(staging, FILES_FOLDER, WEIGHTS_FILE)
  await mkdir(join(staging, FILES_FOLDER), { recursive: true })
  await using handle = await open(path, 'w+')
  for (const part of content) await writeNoise(handle, part)
  const list = await listChunks(handle, path)
  const root = rootOf(list)
  const manifest: ManifestV2 = {
    version: 2,
    name,
    format: 'huggingface',
    architecture: 'LlamaForCausalLM',
    licence: 'Apache-2.0',
    files: [
      {
        path: WEIGHTS_FILE,
        size: content.reduce((sum, { bytes }) => sum + bytes, 0),
        root: root && idFromBytes<TreeRoot>(root),
        chunkCount: list.lengths.length,
      },
    ],
  }
  const outline = Outline.of(manifest, [list])
  await writeFile(join(staging, MANIFEST_FILE), encodeManifest(manifest))
  await writeOutline(staging, outline)
  await handle.sync()
  await rename(staging, join(bases, outline.id))
  return outline
}

/** AES in counter mode over zeros: seeded, from any place on, and faster than the disk. */
async function writeNoise(handle: FileHandle, { seed, from, bytes }: Content[number]): Promise<void> {
  const counter = Buffer.alloc(16)
  counter.writeBigUInt64BE(BigInt(Math.floor(from / 16)), 8)
  const key = Buffer.alloc(16)
  key.writeUInt32BE(seed)
  const cipher = createCipheriv('aes-128-ctr', key, counter)
  cipher.update(Buffer.alloc(from % 16))
  const zeros = Buffer.alloc(PIECE)
  for (let left = bytes; left > 0; left -= PIECE)
    await handle.write(cipher.update(zeros.subarray(0, Math.min(left, PIECE))))
}

/** The file's content with `share` of its bytes replaced in `runs` places, and a few inserted at the front. */
export function nextVersion(bytes: number, share: number, runs: number): Content {
  const [period, changed] = [Math.floor(bytes / runs), Math.floor((bytes * share) / runs)]
  const parts: { seed: number; from: number; bytes: number }[] = [{ seed: 9, from: 0, bytes: 1000 }]
  for (let run = 0; run < runs; run++) {
    const end = run === runs - 1 ? bytes : (run + 1) * period
    parts.push({ seed: 2, from: run * period, bytes: changed })
    parts.push({ seed: 1, from: run * period + changed, bytes: end - run * period - changed })
  }
  return parts
}

/** A whole base in memory. */
export class MemoryBase implements ChunkSource {
  readonly outline: Outline
  readonly complete = true
  readonly #chunks: readonly Uint8Array[]

  private constructor(outline: Outline, chunks: readonly Uint8Array[]) {
    this.outline = outline
    this.#chunks = chunks
  }

  static async read(bases: Bases, id: BaseId): Promise<MemoryBase> {
    await using source = await bases.source(id)
    const chunks: Uint8Array[] = []
    for (let index = 0; index < source.outline.count; index++) chunks.push(await source.read(index))
    return new MemoryBase(source.outline, chunks)
  }

  has(index: number): boolean {
    return index < this.#chunks.length
  }

  async read(index: number): Promise<Uint8Array> {
    return this.#chunks[index]!
  }
}

/** Takes what is right and forgets the bytes: what a pull costs without a disk. */
export class Discarding implements ChunkSink {
  readonly outline: Outline
  readonly #has: Uint8Array
  #missing: number

  constructor(outline: Outline) {
    this.outline = outline
    this.#has = new Uint8Array(outline.count)
    this.#missing = outline.count
  }

  get complete(): boolean {
    return this.#missing === 0
  }

  has(index: number): boolean {
    return this.#has[index] === 1
  }

  read(): Promise<Uint8Array> {
    return Promise.reject(new TypeError('nothing is kept'))
  }

  async take(index: number, bytes: Uint8Array): Promise<boolean> {
    if (!this.outline.matches(index, bytes)) return false
    if (!this.has(index)) this.#missing--
    this.#has[index] = 1
    return true
  }

  async finish(): Promise<void> {
    if (!this.complete) throw new TypeError('chunks are missing')
  }
}
