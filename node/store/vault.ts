/**
 * The user's keys: one random master key, wrapped by the passphrase, from which every other key comes.
 *
 *     passphrase --Argon2id--> wrapping key --secretbox--> master key --HKDF-SHA256(label)--> every other key
 *
 * A new passphrase re-wraps 32 bytes and nothing else; a recovery phrase or a second device can be a second
 * wrapping of the same master key. Labels are never reused for another purpose. The record (vault-record.ts) says
 * how to derive the wrapping key and names the public ids.
 *
 * Also the one place in `node/` that imports tweetnacl: sealed-file.ts builds its format on the primitives at the
 * end. JavaScript cannot wipe strings or copies made by the engine; what can be wiped on close, is. Rejected:
 * scrypt (Argon2id is in node:crypto), one key for everything, and keys derived from the passphrase alone.
 */
import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import nacl from 'tweetnacl'
import { OppuError } from '../../protocol/errors.ts'
import { idFromBytes, type UserId } from '../../protocol/ids.ts'
import {
  type Argon2Cost,
  checksum,
  corrupt,
  DEFAULT_COST,
  fromBase64,
  KEY_BYTES,
  parseRecord,
  type VaultRecord,
  withinLimits,
  wrappingKey,
} from './vault-record.ts'

const SEAL_VERSION = 1
const MAX_LABEL_BYTES = 255

export class Vault {
  readonly userId: UserId
  /** The public key others seal adapters to: `oppu1`, 64 hex digits, 8 of checksum. Safe to publish. */
  readonly recipient: string
  #record: VaultRecord
  #closed = false
  readonly #master: Uint8Array
  readonly #box: nacl.BoxKeyPair
  #sealing: Uint8Array | undefined

  private constructor(master: Uint8Array, record: VaultRecord) {
    this.#master = master
    this.#box = boxKeyPair(master)
    this.#record = record
    this.userId = record.userId
    this.recipient = record.recipient
  }

  /**
   * A new master key. Nothing is written: the caller stores `vault.record`. @throws INVALID_ARGUMENT: empty
   * passphrase.
   */
  static async create(passphrase: string, cost: Argon2Cost = DEFAULT_COST): Promise<Vault> {
    const master = Uint8Array.from(randomBytes(KEY_BYTES))
    return new Vault(master, await wrap(master, passphrase, cost))
  }

  /**
   * Opens a record, as it came from JSON.parse. The caller closes the vault.
   * @throws OppuError WRONG_PASSPHRASE; CORRUPT_VAULT when the record is damaged, of another version, or asks for
   * more memory or time than any vault of ours would.
   */
  static async unlock(record: unknown, passphrase: string): Promise<Vault> {
    const parsed = parseRecord(record)
    const wrapped = fromBase64(
      parsed.wrapped,
      nacl.secretbox.nonceLength + KEY_BYTES + nacl.secretbox.overheadLength,
      'wrapped key',
    )
    const key = await wrappingKey(passphrase, fromBase64(parsed.kdf.salt, 16, 'salt'), parsed.kdf)
    const master = nacl.secretbox.open(
      wrapped.subarray(nacl.secretbox.nonceLength),
      wrapped.subarray(0, nacl.secretbox.nonceLength),
      key,
    )
    key.fill(0)
    if (!master) throw new OppuError('WRONG_PASSPHRASE', 'the passphrase does not open this vault')
    const vault = new Vault(master, parsed)
    if (parsed.userId !== userIdOf(master) || parsed.recipient !== formatRecipient(vault.#box.publicKey)) {
      vault.close()
      throw corrupt('its public ids are not those of its keys')
    }
    return vault
  }

  /** What vault.json holds; changes with rewrap(). */
  get record(): VaultRecord {
    return this.#record
  }

  /** Wraps the same master key under another passphrase; the caller stores the record that comes back. */
  async rewrap(passphrase: string, cost: Argon2Cost = DEFAULT_COST): Promise<VaultRecord> {
    this.#record = await wrap(this.#open(), passphrase, cost)
    return this.#record
  }

  /** The Ed25519 seed (32 bytes) that `userId` is the public key of. A copy: the caller may wipe it. */
  signingSeed(): Uint8Array {
    return derive(this.#open(), 'signing')
  }

  /** The Ed25519 seed (32 bytes) of this node's network identity, unlinkable to `userId`. */
  peerSeed(): Uint8Array {
    return derive(this.#open(), 'peer')
  }

  /** A 32-byte key for a keyed hash or cipher outside this file. Distinct for each label. */
  key(label: string): Uint8Array {
    return derive(this.#open(), `key/${label}`)
  }

  /**
   * Seals a small value: version byte, random nonce, secretbox. `label` (up to 255 bytes: the table and, where
   * values must not change places, the key) is bound to it. Adds 42 bytes and the label's length.
   */
  seal(label: string, plain: Uint8Array): Uint8Array {
    const bound = Buffer.from(label, 'utf8')
    if (bound.length > MAX_LABEL_BYTES) throw new TypeError(`a label is at most ${MAX_LABEL_BYTES} bytes`)
    const message = new Uint8Array(1 + bound.length + plain.length)
    message[0] = bound.length
    message.set(bound, 1)
    message.set(plain, 1 + bound.length)
    const nonce = randomBytes(nacl.secretbox.nonceLength)
    const box = nacl.secretbox(message, nonce, this.#sealKey())
    const sealed = new Uint8Array(1 + nonce.length + box.length)
    sealed[0] = SEAL_VERSION
    sealed.set(nonce, 1)
    sealed.set(box, 1 + nonce.length)
    return sealed
  }

  /** The opposite of seal(). @throws OppuError INVALID_DATA when damaged, of another label, or of another vault. */
  unseal(label: string, sealed: Uint8Array): Uint8Array {
    const key = this.#sealKey()
    const end = 1 + nacl.secretbox.nonceLength
    const message =
      sealed[0] === SEAL_VERSION && sealed.length > end
        ? nacl.secretbox.open(sealed.subarray(end), sealed.subarray(1, end), key)
        : null
    const bound = Buffer.from(label, 'utf8')
    if (!message || message[0] !== bound.length || !bound.equals(message.subarray(1, 1 + bound.length))) {
      throw new OppuError(
        'INVALID_DATA',
        `a sealed record (${label.split('/')[0]}) is damaged, misplaced or of another vault`,
      )
    }
    return message.subarray(1 + bound.length)
  }

  /** X25519 of our secret key and another's public key: for sealed-file.ts. `undefined` for a key of low order. */
  agree(publicKey: Uint8Array): Uint8Array | undefined {
    this.#open()
    return agree(this.#box.secretKey, publicKey)
  }

  /** Our X25519 public key. */
  get publicKey(): Uint8Array {
    return Uint8Array.from(this.#box.publicKey)
  }

  /** Wipes the keys. Every later use of one is CLOSED. */
  close(): void {
    this.#closed = true
    this.#master.fill(0)
    this.#box.secretKey.fill(0)
    this.#sealing?.fill(0)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #open(): Uint8Array {
    if (this.#closed) throw new OppuError('CLOSED', 'the vault is closed')
    return this.#master
  }

  #sealKey(): Uint8Array {
    const master = this.#open()
    this.#sealing ??= derive(master, 'seal')
    return this.#sealing
  }
}

// --- the record ---

async function wrap(master: Uint8Array, passphrase: string, cost: Argon2Cost): Promise<VaultRecord> {
  if (passphrase === '') throw new OppuError('INVALID_ARGUMENT', 'the passphrase is empty')
  if (!withinLimits(cost)) throw new TypeError('the Argon2id cost is outside the limits')
  const salt = randomBytes(16)
  const key = await wrappingKey(passphrase, salt, cost)
  const nonce = randomBytes(nacl.secretbox.nonceLength)
  const box = nacl.secretbox(master, nonce, key)
  key.fill(0)
  const record = {
    version: 1 as const,
    userId: userIdOf(master),
    recipient: formatRecipient(boxKeyPair(master).publicKey),
    kdf: {
      name: 'argon2id' as const,
      memoryKiB: cost.memoryKiB,
      passes: cost.passes,
      parallelism: cost.parallelism,
      salt: salt.toString('base64'),
    },
    wrapped: Buffer.concat([nonce, box]).toString('base64'),
  }
  return { ...record, check: checksum(record) }
}

// --- keys ---

function derive(secret: Uint8Array, label: string, salt: Uint8Array = new Uint8Array(0)): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, `oppu/vault/v1/${label}`, KEY_BYTES))
}

function boxKeyPair(master: Uint8Array): nacl.BoxKeyPair {
  return nacl.box.keyPair.fromSecretKey(derive(master, 'box'))
}

function userIdOf(master: Uint8Array): UserId {
  return idFromBytes<UserId>(nacl.sign.keyPair.fromSeed(derive(master, 'signing')).publicKey)
}

const RECIPIENT = /^oppu1([0-9a-f]{64})([0-9a-f]{8})$/

export function formatRecipient(publicKey: Uint8Array): string {
  return `oppu1${Buffer.from(publicKey).toString('hex')}${recipientChecksum(publicKey)}`
}

/** The X25519 public key in a recipient string. @throws OppuError INVALID_ARGUMENT: not one, or mistyped. */
export function parseRecipient(text: string): Uint8Array {
  const match = RECIPIENT.exec(text.trim().toLowerCase())
  const publicKey = Buffer.from(match?.[1] ?? '', 'hex')
  if (!match || recipientChecksum(publicKey) !== match[2]) {
    throw new OppuError(
      'INVALID_ARGUMENT',
      `not a recipient (oppu1 and 72 digits): ${JSON.stringify(text.slice(0, 100))}`,
    )
  }
  return Uint8Array.from(publicKey)
}

function recipientChecksum(publicKey: Uint8Array): string {
  return createHash('sha256').update('oppu/recipient/v1').update(publicKey).digest('hex').slice(0, 8)
}

// --- primitives for sealed-file.ts ---

/** Bytes that secretbox adds. */
export const BOX_OVERHEAD = nacl.secretbox.overheadLength
export const NONCE_BYTES = nacl.secretbox.nonceLength

/** XSalsa20-Poly1305. A (key, nonce) pair must never box two messages. */
export function box(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return nacl.secretbox(message, nonce, key)
}

/** `undefined` when the box was not made with this key and nonce. */
export function unbox(boxed: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  return nacl.secretbox.open(boxed, nonce, key) ?? undefined
}

/** A fresh X25519 key pair. */
export function ephemeralKeyPair(): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array } {
  return nacl.box.keyPair()
}

/** X25519; `undefined` for a public key of low order, whose shared secret anyone could compute. */
export function agree(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  const shared = nacl.scalarMult(secretKey, publicKey)
  return timingSafeEqual(shared, new Uint8Array(shared.length)) ? undefined : shared
}
