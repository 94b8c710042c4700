/** One end of a line, with another side that is only bytes: for calls without a network. */
import type { Duplex, Receiver } from '../../protocol/duplex.ts'
import { OppuError } from '../../protocol/errors.ts'

export class Line implements Duplex {
  /** What was sent, in order. */
  readonly sent: Uint8Array[] = []
  readonly #coming: Uint8Array | ((request: Uint8Array) => Uint8Array)
  readonly #pieceBytes: number
  #receiver: Receiver | undefined
  #dead = false

  /** Brings `coming`, at once or, where it is an answer, once something was sent; in pieces of that size; and ends. */
  constructor(coming: Uint8Array | ((request: Uint8Array) => Uint8Array), pieceBytes = 1000) {
    this.#coming = coming
    this.#pieceBytes = pieceBytes
  }

  async send(bytes: Uint8Array): Promise<void> {
    if (this.#dead) throw new OppuError('CONNECTION_FAILED', 'aborted')
    this.sent.push(bytes.slice())
    if (typeof this.#coming === 'function' && this.sent.length === 1) this.#bring(this.#coming(bytes))
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver
    if (typeof this.#coming !== 'function') this.#bring(this.#coming)
  }

  async end(): Promise<void> {}

  abort(): void {
    this.#dead = true
  }

  #bring(coming: Uint8Array): void {
    queueMicrotask(() => {
      for (let at = 0; at < coming.length && !this.#dead; at += this.#pieceBytes)
        this.#receiver?.data(coming.subarray(at, at + this.#pieceBytes))
      this.#receiver?.end()
    })
  }
}
