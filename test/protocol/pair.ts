/** Two ends of a duplex in one process, with a window like a transport's, for calls without a network. */
import type { Duplex, Receiver } from '../../protocol/duplex.ts'
import { OppuError } from '../../protocol/errors.ts'

/** One end; `sent` is all that went out of it, `aborted` why it was dropped. */
export interface End extends Duplex {
  readonly sent: Uint8Array[]
  readonly aborted: unknown
}

/** Bytes arrive later, in pieces of `pieceBytes`; a send resolves when all its pieces have been handed over. */
export function duplexPair(pieceBytes = 7): [End, End] {
  const a = new Side(pieceBytes)
  const b = new Side(pieceBytes)
  a.other = b
  b.other = a
  return [a, b]
}

class Side implements End {
  readonly sent: Uint8Array[] = []
  aborted: unknown
  other!: Side
  readonly #pieceBytes: number
  readonly #receiver = Promise.withResolvers<Receiver>()
  #queue: Promise<void> = Promise.resolve()
  #dead = false

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
  }

  send(bytes: Uint8Array): Promise<void> {
    this.sent.push(bytes.slice())
    const work = this.#queue.then(async () => {
      const receiver = await this.other.#receiver.promise
      for (let at = 0; at < bytes.length; at += this.#pieceBytes) {
        await new Promise(resolve => setImmediate(resolve))
        if (this.#dead) throw new OppuError('CONNECTION_FAILED', 'aborted')
        receiver.data(bytes.subarray(at, at + this.#pieceBytes))
      }
    })
    this.#queue = work.catch(() => {})
    return work
  }

  receive(receiver: Receiver): void {
    this.#receiver.resolve(receiver)
  }

  async end(): Promise<void> {
    await this.#queue
    const receiver = await this.other.#receiver.promise
    receiver.end()
  }

  abort(reason: Error): void {
    this.aborted ??= reason
    this.#die()
    this.other.#die()
  }

  #die(): void {
    if (this.#dead) return
    this.#dead = true
    void this.#receiver.promise.then(receiver => receiver.end())
  }
}
