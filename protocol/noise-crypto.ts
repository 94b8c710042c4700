/**
 * Noise's cipher with its key made ready once. What noise's own crypto does for a large message is right, but node:crypto
 * imports the raw key anew for every frame of 64 KiB, and each sealed frame is copied once more to put its tag behind it.
 * ChaCha20-Poly1305 is RFC 8439's, as there; small messages, hashes and key agreement stay noise's.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'

/** Noise's lists of pieces of memory. */
interface PieceList extends Iterable<Uint8Array> {
  readonly byteLength: number
  subarray(start?: number, end?: number): Uint8Array
  sublist(start?: number, end?: number): PieceList
  append(...pieces: Uint8Array[]): void
}

type Message = Uint8Array | PieceList

/** What is replaced of noise's crypto. */
interface NoiseCipher {
  chaCha20Poly1305Encrypt(plaintext: Message, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): Message
  chaCha20Poly1305Decrypt(
    ciphertext: Message,
    nonce: Uint8Array,
    ad: Uint8Array,
    key: Uint8Array,
    into?: Uint8Array,
  ): Message
}

const CIPHER = 'chacha20-poly1305'
const TAG_BYTES = 16
const TAG = { authTagLength: TAG_BYTES } as const
/** Below this, noise's WebAssembly is faster than a call into OpenSSL. */
const SMALL = 1200

/** The same crypto, faster where messages are large. */
export function withReadyKeys<Crypto extends object>(crypto: Crypto): Crypto {
  const slow = crypto as unknown as NoiseCipher
  const keys = new WeakMap<Uint8Array, KeyObject>()
  const ready = (key: Uint8Array): KeyObject => {
    const made = keys.get(key) ?? createSecretKey(key)
    keys.set(key, made)
    return made
  }
  const fast: NoiseCipher = {
    chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
      if (plaintext.byteLength < SMALL || plaintext instanceof Uint8Array)
        return slow.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)
      const cipher = createCipheriv(CIPHER, ready(key), nonce, TAG)
      cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })
      const sealed = plaintext.sublist(0, 0)
      for (const piece of plaintext) sealed.append(cipher.update(piece))
      cipher.final()
      sealed.append(cipher.getAuthTag())
      return sealed
    },
    chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, into) {
      const bytes = ciphertext.byteLength - TAG_BYTES
      if (ciphertext.byteLength < SMALL || ciphertext instanceof Uint8Array)
        return slow.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, into)
      const decipher = createDecipheriv(CIPHER, ready(key), nonce, TAG)
      decipher.setAAD(ad, { plaintextLength: bytes })
      decipher.setAuthTag(ciphertext.subarray(bytes))
      const opened = ciphertext.sublist(0, 0)
      for (const piece of ciphertext.sublist(0, bytes)) opened.append(decipher.update(piece))
      decipher.final() // throws where the tag is not this text's
      return opened
    },
  }
  return { ...crypto, ...fast }
}
