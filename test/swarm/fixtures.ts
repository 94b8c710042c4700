/** What the swarm's tests share: peers on loopback, a base of seeded random bytes, and chunks kept in memory. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Coordinator } from '../../coordinator/coordinator.ts'
import type { ChunkSink } from '../../node/store/chunks.ts'
import { Peer, type PeerOptions } from '../../node/swarm/peer.ts'
import { MIB } from '../../protocol/limits.ts'
import { chunkHash, type ManifestV1 } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'

export const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

/** Deterministic bytes (xorshift), so that two runs move the same base. */
export function noise(bytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  let x = seed | 1
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[i] = x
  }
  return new Uint8Array(words.buffer, 0, bytes)
}

export interface TestBase {
  readonly manifest: ManifestV1
  readonly files: readonly Uint8Array[]
}

export function makeBase(
  sizes: readonly number[],
  options: { chunkSize?: number; seed?: number } = {},
): TestBase {
  const { chunkSize = MIB, seed = 7 } = options
  const files = sizes.map((size, index) => noise(size, seed + index))
  return {
    files,
    manifest: {
      version: 1,
      name: 'a test base',
      format: 'huggingface',
      architecture: 'LlamaForCausalLM',
      licence: 'Apache-2.0',
      chunkSize,
      files: files.map((bytes, index) => ({
        path: `file-${String(index).padStart(4, '0')}.bin`,
        size: bytes.length,
        chunks: Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, chunk) =>
          chunkHash(bytes.subarray(chunk * chunkSize, (chunk + 1) * chunkSize)),
        ),
      })),
    },
  }
}

/** Chunks of a base in memory: a source when full, a sink while it fills. */
export class MemoryChunks implements ChunkSink {
  readonly outline: Outline
  readonly files: Uint8Array[]
  /** As `<file>/<chunk of the file>`. */
  readonly writes: string[] = []
  readonly #has = new Set<number>()
  finished = 0

  constructor(base: TestBase | { outline: Outline; files: readonly Uint8Array[] }, full: boolean) {
    this.outline = 'outline' in base ? base.outline : Outline.ofVersion1(base.manifest)
    this.files = base.files.map(bytes => (full ? bytes : new Uint8Array(bytes.length)))
    if (full) for (let index = 0; index < this.outline.count; index++) this.#has.add(index)
  }

  get complete(): boolean {
    return this.#has.size === this.outline.count
  }

  has(index: number): boolean {
    return this.#has.has(index)
  }

  async take(index: number, bytes: Uint8Array): Promise<boolean> {
    if (!this.outline.matches(index, bytes)) return false
    const { file, offset } = this.outline.chunk(index)
    this.files[file]!.set(bytes, offset)
    this.#has.add(index)
    this.writes.push(`${file}/${index - this.outline.firstOf(file)}`)
    return true
  }

  async finish(): Promise<void> {
    this.finished++
  }

  async read(index: number): Promise<Uint8Array> {
    const { file, offset, length } = this.outline.chunk(index)
    return this.files[file]!.subarray(offset, offset + length)
  }
}

export async function openPeer(options: Partial<PeerOptions> = {}): Promise<Peer> {
  return Peer.open({ seed: new Uint8Array(randomBytes(32)), listen: LOOPBACK, ...options })
}

/** A coordinator in a folder of its own, which goes with it. */
export async function openCoordinator(options: { now?: () => number } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'oppu-coordinator-'))
  const coordinator = await Coordinator.open({ home, listen: LOOPBACK, ...options })
  return {
    coordinator,
    home,
    address: coordinator.addresses()[0]!,
    async [Symbol.asyncDispose]() {
      await coordinator.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
