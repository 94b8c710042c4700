/**
 * Memory for chunks that arrive, used again and again: fresh memory for each would be given back only when the garbage
 * collector comes by, and a pull at 300 MB/s would not wait for it. What was free first is used first, so that no more of
 * it becomes resident than is needed at once.
 */
const UNIT = 64 << 10

export class Buffers {
  readonly #memory: ArrayBuffer
  /** Which units are taken. */
  readonly #taken: Uint8Array

  constructor(bytes: number) {
    this.#taken = new Uint8Array(Math.floor(bytes / UNIT))
    this.#memory = new ArrayBuffer(this.#taken.length * UNIT)
  }

  /** `length` bytes with anything in them; memory of their own where none is left. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const units = Math.ceil(length / UNIT)
    const first = this.#firstFree(units)
    if (first === undefined) return new Uint8Array(length)
    this.#taken.fill(1, first, first + units)
    return new Uint8Array(this.#memory, first * UNIT, length)
  }

  /** Takes back what `take` gave and nobody uses any more. */
  giveBack({ buffer, byteOffset, length }: Uint8Array): void {
    if (buffer !== this.#memory) return
    const first = byteOffset / UNIT
    this.#taken.fill(0, first, first + Math.ceil(length / UNIT))
  }

  #firstFree(units: number): number | undefined {
    let first = 0
    for (let unit = 0; unit < this.#taken.length && unit - first < units; unit++)
      if (this.#taken[unit] === 1) first = unit + 1
    return first + units <= this.#taken.length ? first : undefined
  }
}
