/** Our way of sealing large messages against noise's own: each opens what the other sealed, and neither what was changed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { withReadyKeys } from '../../protocol/noise-crypto.ts'

const ours = withReadyKeys(defaultCrypto)
const AD = new Uint8Array()

/** What libp2p's lists of pieces are to a cipher. */
class Pieces {
  readonly #pieces: Uint8Array[]

  constructor(...pieces: Uint8Array[]) {
    this.#pieces = pieces
  }

  get byteLength(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0)
  }

  get length(): number {
    return this.byteLength
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    yield* this.#pieces
  }

  append(piece: Uint8Array): void {
    this.#pieces.push(piece)
  }

  subarray(from?: number, to?: number): Uint8Array {
    return Buffer.concat(this.#pieces).subarray(from, to)
  }

  sublist(from?: number, to?: number): Pieces {
    const [first, ...rest] = this.#pieces
    const whole = this.subarray(from, to)
    return first === undefined || rest.length === 0
      ? new Pieces(whole)
      : new Pieces(whole.subarray(0, first.length), whole.subarray(first.length))
  }
}

for (const bytes of [0, 16, 1199, 1200, 5000, 65_519]) {
  test(`${bytes} bytes, in one piece and in several`, () => {
    const [key, nonce, text] = [randomBytes(32), randomBytes(12), randomBytes(bytes)]
    const cut = Math.floor(bytes / 3)
    const list = () => new Pieces(text.subarray(0, cut), text.subarray(cut)) as never
    for (const message of [() => new Uint8Array(text), list]) {
      const sealed = ours.chaCha20Poly1305Encrypt(message(), nonce, AD, key).subarray()
      assert.deepEqual(
        Buffer.from(sealed),
        Buffer.from(defaultCrypto.chaCha20Poly1305Encrypt(message(), nonce, AD, key).subarray()),
      )
      const split = Math.floor(sealed.length / 2)
      const parts = () => new Pieces(sealed.slice(0, split), sealed.slice(split)) as never
      for (const ciphertext of [() => sealed.slice(), parts]) {
        const opened = ours.chaCha20Poly1305Decrypt(ciphertext(), nonce, AD, key)
        assert.deepEqual(Buffer.from(opened.subarray()), text)
      }
      sealed[0]! ^= 1
      for (const ciphertext of [() => sealed.slice(), parts])
        assert.throws(() => ours.chaCha20Poly1305Decrypt(ciphertext(), nonce, AD, key))
    }
  })
}
