/**
 * Memory for chunks that arrive, used again and again: fresh memory for each would be given back only when the garbage
 * collector comes by, and a pull at 300 MB/s would not wait for it.
 */
const LEAST = 64 << 10

export class Buffers {
  readonly #keep: number
  readonly #free = new Map<number, ArrayBuffer[]>()
  #kept = 0

  /** Keeps at most `keepBytes` that nobody uses. */
  constructor(keepBytes: number) {
    this.#keep = keepBytes
  }

  /** `length` bytes with anything in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const size = sizeFor(length)
    const memory = this.#free.get(size)?.pop()
    if (memory !== undefined) this.#kept -= size
    return new Uint8Array(memory ?? new ArrayBuffer(size), 0, length)
  }

  /** Takes back what `take` gave and nobody uses any more. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    const size = buffer.byteLength
    if (this.#kept + size > this.#keep) return
    this.#kept += size
    const alike = this.#free.get(size)
    if (alike === undefined) this.#free.set(size, [buffer])
    else alike.push(buffer)
  }
}

/** The next of four steps between powers of two. */
function sizeFor(length: number): number {
  const step = Math.max(LEAST, 2 ** (Math.floor(Math.log2(Math.max(1, length - 1))) - 2))
  return Math.ceil(length / step) * step
}
