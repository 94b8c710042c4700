/**
 * Which chunks of a base, a bit each: what a peer holds, as it crosses the wire and as it is kept. Bits are most
 * significant first, and those past the last chunk are zero. Leaves to outline.ts what a chunk is.
 */
import { invalid } from './canonical.ts'

export class ChunkSet {
  /** Chunks of the base, in the set or not. */
  readonly count: number
  readonly #bits: Uint8Array
  #size = 0

  constructor(count: number) {
    this.count = count
    this.#bits = new Uint8Array(Math.ceil(count / 8))
  }

  static full(count: number): ChunkSet {
    const set = new ChunkSet(count)
    for (let index = 0; index < count; index++) set.add(index)
    return set
  }

  /** @throws OppuError INVALID_DATA for another length than `count` bits need, or a bit past the last chunk. */
  static from(bytes: Uint8Array, count: number): ChunkSet {
    const set = new ChunkSet(count)
    if (bytes.length !== set.#bits.length)
      invalid(`a set of ${count} chunks has ${set.#bits.length} bytes, not ${bytes.length}`)
    if (count % 8 !== 0 && (bytes[bytes.length - 1]! & (0xff >> (count % 8))) !== 0)
      invalid('a set of chunks names one past the last')
    set.#bits.set(bytes)
    for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) set.#size++
    return set
  }

  /** How many are in the set. */
  get size(): number {
    return this.#size
  }

  /** False past the last chunk. */
  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
  }

  /** Answers whether it was not there before. @throws TypeError when there is no such chunk. */
  add(index: number): boolean {
    if (!Number.isInteger(index) || index < 0 || index >= this.count)
      throw new TypeError(`the base has no chunk ${index}`)
    if (this.has(index)) return false
    this.#bits[index >> 3]! |= 0x80 >> (index & 7)
    this.#size++
    return true
  }

  /** A copy of the bits. */
  bytes(): Uint8Array {
    return this.#bits.slice()
  }
}
